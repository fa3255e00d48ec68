import { canonicalArguments } from '../domain/canonical-arguments.js';
import { GatewayError, inputError } from '../errors/gateway-error.js';
import type { KeptKey, WriteKey } from '../persistence/idempotency/idempotency-keys.js';

/** A call that is to have its effect once, however often it is repeated. */
export interface OnceOnly {
  /** As the client chose it. */
  readonly key: string;
  /** The mutation and its arguments by meaning; repeats are compared by it. */
  readonly call: string;
}

const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * What a client's idempotency key makes of its call; undefined without a key, and for a dry run, which has no effect.
 * @param args the mutation's arguments as the client gave them, with the defaults of absent ones; neither key nor `dryRun`
 * @throws INVALID_VALUE for a key that cannot be one, dry run or not
 */
export function onceOnly(
  key: string | null | undefined,
  dryRun: boolean,
  mutation: string,
  args: Readonly<Record<string, unknown>>,
): OnceOnly | undefined {
  if (key === null || key === undefined) return undefined;
  if (!KEY.test(key)) {
    const message = 'An idempotency key has 1 to 255 printable ASCII characters.';
    throw inputError([{ path: 'idempotencyKey', code: 'INVALID_VALUE', message }]);
  }
  return dryRun ? undefined : { key, call: canonicalArguments(mutation, args) };
}

/**
 * Makes sure that a key which was used before belongs to the same call.
 * @throws IDEMPOTENCY_KEY_REUSED
 */
export function assertRepeat(key: WriteKey, kept: KeptKey): void {
  if (kept.argsDigest !== key.argsDigest) throw new GatewayError('IDEMPOTENCY_KEY_REUSED');
}

/**
 * Runs a call. With a key, the error for a lost outcome says that the same call can be repeated.
 * @param key undefined when it has none
 */
export async function repeatable<T>(key: WriteKey | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (key === undefined || !(error instanceof GatewayError) || error.code !== 'OUTCOME_UNKNOWN')
      throw error;
    const message =
      'The connection broke while a write was under way. Repeat the same call with the same idempotency key.';
    throw new GatewayError(
      'OUTCOME_UNKNOWN',
      { ...error.facts, message, retryable: true },
      { cause: error.cause },
    );
  }
}
