import { LoggableError } from './loggable-error.js';

/** Why a stored secret does not open. */
type SecretErrorReason = 'not-sealed' | 'unknown-key' | 'not-authentic';

const MESSAGES: Readonly<Record<SecretErrorReason, (keyId: string) => string>> = {
  'not-sealed': () => 'A stored secret is not a sealed text.',
  'unknown-key': (keyId) => `A stored secret is sealed with key "${keyId}", which is not in the ring.`,
  'not-authentic': (keyId) =>
    `A stored secret does not open with key "${keyId}": it was changed, it was sealed for another record or field, ` +
    'or another key has this id.',
};

/** A stored secret that does not open. The message names its key and holds nothing of the secret. */
export class SecretError extends LoggableError {
  override readonly name = 'SecretError';

  /** @param keyId the key that the text says it is sealed with; empty when it says nothing of the kind */
  constructor(
    readonly reason: SecretErrorReason,
    readonly keyId = '',
  ) {
    super(MESSAGES[reason](keyId));
  }
}
