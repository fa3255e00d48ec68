import { LoggableError } from './loggable-error.js';

/**
 * An error that keeps a command from doing its work and that its user can mend: the message names the thing
 * and says what to do. The process prints it without a stack trace and exits with code 1.
 */
export class StartupError extends LoggableError {
  override readonly name = 'StartupError';
}
