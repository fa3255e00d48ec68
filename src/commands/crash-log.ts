import type { Logger } from 'pino';
import { describeCause } from '../logging/log.js';

/**
 * Ends the process for an error that nobody caught, as Node does. But Node prints such an error with all its properties,
 * and they can hold rows of the database.
 */
export function logCrashes(log: Logger): void {
  process.on('uncaughtException', (error: unknown) => {
    log.fatal({ cause: describeCause(error) }, 'unforeseen fault');
    process.exit(1);
  });
}
