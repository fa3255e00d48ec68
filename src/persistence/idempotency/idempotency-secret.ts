import { randomBytes } from 'node:crypto';
import { SecretError } from '../../errors/secret-error.js';
import { StartupError } from '../../errors/startup-error.js';
import type { Database, RunStatement, Statement } from '../database/database.js';
import { type KeyRing, SealedText } from '../../secrets/key-ring.js';
import { RowReader } from '../database/row-reader.js';

const OWNER = 'idempotency';
const FIELD = 'secret';
const SECRET_BYTES = 32;

const INSERT_SECRET: Statement = {
  name: 'insert-idempotency-secret',
  text: 'INSERT INTO idempotency_secret (sealed) VALUES ($1) ON CONFLICT DO NOTHING',
  onLostConnection: 'unknown',
};

const FIND_SECRET: Statement = {
  name: 'find-idempotency-secret',
  text: 'SELECT sealed FROM idempotency_secret',
  onLostConnection: 'nothing-written',
};

const REPLACE_SECRET: Statement = {
  name: 'replace-idempotency-secret',
  text: 'UPDATE idempotency_secret SET sealed = $2 WHERE sealed = $1',
  onLostConnection: 'unknown',
};

/**
 * The secret under which idempotency keys are digested: random, made once for the database by whichever instance comes first,
 * and the same whatever key of the ring it is sealed with.
 * @throws StartupError when the ring cannot open it
 */
export async function idempotencySecret({ run }: Pick<Database, 'run'>, keyRing: KeyRing): Promise<Buffer> {
  if ((await findSecret(run)) === undefined) {
    await run(INSERT_SECRET, [keyRing.seal(randomBytes(SECRET_BYTES).toString('hex'), OWNER, FIELD).sealed]);
  }
  const sealed = await findSecret(run);
  if (sealed === undefined)
    throw new Error('The secret of idempotency keys was removed while the gateway started.');
  try {
    return Buffer.from(keyRing.open(sealed, OWNER, FIELD), 'hex');
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    throw new StartupError(
      `WIFI_SECRET_KEYS: the secret of idempotency keys in this database does not open: ${error.message} Restore the key that sealed it.`,
    );
  }
}

/** Seals the secret with the key that seals. Whoever else does so meanwhile wins. */
export async function resealIdempotencySecret(run: RunStatement, keyRing: KeyRing): Promise<void> {
  const sealed = await findSecret(run);
  if (sealed === undefined || keyRing.isCurrent(sealed)) return;
  const anew = keyRing.seal(keyRing.open(sealed, OWNER, FIELD), OWNER, FIELD);
  await run(REPLACE_SECRET, [sealed.sealed, anew.sealed]);
}

/** The secret as it is stored; undefined while there is none. */
export async function findSecret(run: RunStatement): Promise<SealedText | undefined> {
  const [row] = await run(FIND_SECRET, []);
  return row && new SealedText(RowReader.of(row).text('sealed'));
}
