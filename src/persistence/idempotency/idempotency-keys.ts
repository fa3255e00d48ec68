import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { GatewayError } from '../../errors/gateway-error.js';
import { batched } from '../database/batched.js';
import { brokenConstraint } from '../database/database-errors.js';
import type { RunStatement, Statement } from '../database/database.js';
import { isExpired, PRUNE_STEP, type Prunable } from '../database/pruner.js';
import { RowReader } from '../database/row-reader.js';

/** What is stored of a call with an idempotency key: digests in hex under the database's secret. */
export interface WriteKey {
  /** Of the subject and the key. It begins with that of the subject alone, so that one index finds a key and counts those of a subject. */
  readonly keyDigest: string;
  readonly argsDigest: string;
}

/** A key that was used before. */
export interface KeptKey {
  readonly argsDigest: string;
  /** Id of the device or model that the effect was on. */
  readonly objectId: string;
}

/** The idempotency keys of this database. */
export interface IdempotencyKeys {
  /** @param call names the mutation and its arguments by meaning */
  readonly digest: (subject: string, key: string, call: string) => WriteKey;
  /** @throws RATE_LIMITED when the subject has as many live keys as it may */
  readonly assertBelowLimit: (key: WriteKey) => Promise<void>;
  /** The key as it was used before, for calls that read no device. */
  readonly find: (key: WriteKey) => Promise<KeptKey | undefined>;
}

/** Number of hex digits of a digest, and of the part of it that is the subject's: nobody finds two of 128 bits that are the same. */
const DIGEST_DIGITS = 32;
const SUBJECT_DIGITS = 16;
/** Maximum number of live keys of one subject. */
const MAX_LIVE_KEYS = 100_000;
/**
 * How long a count is believed that is less than half of the maximum, and one that is more; what this process adds meanwhile is
 * added to it. At the usual rate (6,000 requests a minute) four other processes cannot use up the other half within that time.
 */
const LOW_COUNT_AGE_MS = 120_000;
const HIGH_COUNT_AGE_MS = 10_000;
/** Maximum number of subjects whose digests and counts are remembered. */
const MAX_SUBJECTS = 10_000;
const RETRY_AFTER_MS = 60_000;

const COUNT_KEYS: Statement = {
  name: 'count-idempotency-keys',
  text: `SELECT (SELECT count(*)::integer FROM (
        SELECT FROM idempotency_key WHERE key_digest BETWEEN decode(subject.digest, 'hex')
          AND decode(rpad(subject.digest, ${SUBJECT_DIGITS + DIGEST_DIGITS}, 'f'), 'hex') LIMIT ${MAX_LIVE_KEYS}) k) AS keys
    FROM unnest($1::text[]) WITH ORDINALITY AS subject(digest, place) ORDER BY subject.place`,
  onLostConnection: 'nothing-written',
};

const FIND_KEY: Statement = {
  name: 'find-idempotency-key',
  text: `SELECT encode(args_digest, 'hex') AS args_digest, object_id FROM idempotency_key WHERE key_digest = decode($1, 'hex')`,
  onLostConnection: 'nothing-written',
};

/**
 * Digests need the secret of the database, so that every instance makes the same ones.
 * @param clock what the age of a count is read from
 */
export function idempotencyKeys(
  run: RunStatement,
  secret: Buffer,
  clock: Pick<typeof performance, 'now'> = performance,
): IdempotencyKeys {
  const secretText = secret.toString('hex');
  // Cut to half, a digest cannot be extended to that of a longer text. An HMAC would take twice the time.
  const digest = (kind: string, text: string): string =>
    hash('sha256', `${secretText}${kind}\0${text}`, 'hex').slice(0, DIGEST_DIGITS);
  const subjectDigests = new LRUCache<string, string>({
    max: MAX_SUBJECTS,
    memoMethod: (subject) => digest('subject', subject).slice(0, SUBJECT_DIGITS),
  });
  const countKeys = batched(async (subjects: readonly string[]) => {
    const rows = await run(COUNT_KEYS, [subjects]);
    return rows.map((row) => RowReader.of(row).int('keys'));
  });
  const counts = cachedCounts(clock);
  const countOf = (subjectDigest: string): SubjectCount => {
    const known = counts.get(subjectDigest);
    if (known !== undefined) return known;
    const count = { counted: countKeys(subjectDigest), added: 0, isHigh: false };
    counts.set(subjectDigest, count);
    return count;
  };
  return {
    digest: (subject, key, call) => ({
      // The length keeps the two apart, whatever they hold.
      keyDigest: subjectDigests.memo(subject) + digest('key', `${subject.length}\0${subject}\0${key}`),
      argsDigest: digest('args', call),
    }),
    assertBelowLimit: async ({ keyDigest }) => {
      const subjectDigest = keyDigest.slice(0, SUBJECT_DIGITS);
      const count = countOf(subjectDigest);
      try {
        const live = (await count.counted) + count.added;
        if (live >= MAX_LIVE_KEYS / 2 && !count.isHigh) {
          count.isHigh = true;
          counts.set(subjectDigest, count, { ttl: HIGH_COUNT_AGE_MS });
        }
        if (live >= MAX_LIVE_KEYS) {
          throw new GatewayError('RATE_LIMITED', {
            message: 'Too many idempotency keys are in use. They are removed when their time is over.',
            retryAfterMs: RETRY_AFTER_MS,
          });
        }
      } catch (error) {
        if (!isRateLimited(error)) counts.delete(subjectDigest);
        throw error;
      }
      count.added += 1;
    },
    find: async ({ keyDigest }) => {
      const [row] = await run(FIND_KEY, [keyDigest]);
      return row && toKeptKey(RowReader.of(row));
    },
  };
}

/** With a coarser resolution the cache starts a timer for nearly every key. */
function cachedCounts(perf: Pick<typeof performance, 'now'>): LRUCache<string, SubjectCount> {
  return new LRUCache({ max: MAX_SUBJECTS, ttl: LOW_COUNT_AGE_MS, ttlResolution: 0, perf });
}

interface SubjectCount {
  readonly counted: Promise<number>;
  /** Keys that this process has used since. */
  added: number;
  /** Whether it is at least half of the maximum. */
  isHigh: boolean;
}

function isRateLimited(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'RATE_LIMITED';
}

function toKeptKey(row: RowReader): KeptKey {
  return { argsDigest: row.text('args_digest'), objectId: row.text('object_id') };
}

/** A key as a row of `idempotency_key`, for statements that take it with others as JSON. */
export function keyColumns({ keyDigest, argsDigest }: WriteKey): object {
  const bytes = (hex: string): string => String.raw`\x${hex}`;
  return { key_digest: bytes(keyDigest), args_digest: bytes(argsDigest) };
}

/**
 * The part of a statement that keeps the keys of what it has made as `written`, whose `key` is a row of `idempotency_key`. A key
 * that was used before breaks the whole statement: there is no effect without its key, and no key without its effect.
 */
export const KEEP_KEY = `kept AS (
    INSERT INTO idempotency_key (key_digest, args_digest, object_id)
    SELECT (key).key_digest, (key).args_digest, id FROM written WHERE (key).key_digest IS NOT NULL
  )`;

/** Whether a statement was undone because somebody else has used the same key. */
export function isKeyTaken(error: unknown): boolean {
  return brokenConstraint(error) === 'idempotency_key_pkey';
}

const KEEP_KEY_ALONE: Statement = {
  name: 'keep-idempotency-key',
  text: `WITH written AS (SELECT $2::text AS id, jsonb_populate_record(NULL::idempotency_key, $1::jsonb) AS key), ${KEEP_KEY}
    SELECT FROM written`,
  onLostConnection: 'unknown',
};

/** Keeps the key of a call that has nothing to write. @returns false when somebody else has used it */
export async function keepKey(run: RunStatement, key: WriteKey, objectId: string): Promise<boolean> {
  try {
    await run(KEEP_KEY_ALONE, [JSON.stringify(keyColumns(key)), objectId]);
    return true;
  } catch (error) {
    if (isKeyTaken(error)) return false;
    throw error;
  }
}

const PRUNE_KEYS: Statement = {
  name: 'prune-idempotency-keys',
  text: `DELETE FROM idempotency_key WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM idempotency_key WHERE ${isExpired('created_at')}
      LIMIT ${PRUNE_STEP} FOR UPDATE SKIP LOCKED)) RETURNING 1 AS removed`,
  onLostConnection: 'unknown',
};

/** Idempotency keys, which are removed when their time is over. @param keepMs 0 keeps them for good */
export function expiringKeys(keepMs: number): Prunable {
  return { what: 'idempotency_keys', keepMs, statement: PRUNE_KEYS };
}
