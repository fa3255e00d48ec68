import { GatewayError } from '../errors/gateway-error.js';
import { StartupError } from '../errors/startup-error.js';

/**
 * Runs the body of a command. What its user can mend is printed as one message, without a stack trace; anything
 * else is an error of the program and keeps its trace. Both end with exit code 1.
 */
export async function runCommand(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    process.stderr.write(`${shownFailure(error)}\n`);
    process.exitCode = 1;
  }
}

/** What is printed of an error that ends a command. */
export function shownFailure(error: unknown): string {
  const isUserError =
    error instanceof StartupError || (error instanceof GatewayError && error.code !== 'INTERNAL_ERROR');
  if (isUserError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
