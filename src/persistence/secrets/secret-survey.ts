import type { RunStatement } from '../database/database.js';
import type { Prisma } from '../database/prisma-over-pool.js';
import { findSecret } from '../idempotency/idempotency-secret.js';
import { type KeyRing, keyIdOf } from '../../secrets/key-ring.js';
import { RowReader } from '../database/row-reader.js';
import { DEVICE_ROWS, HISTORY_ROWS, type SealedRows } from './sealed-rows.js';

/** How many WiFi passwords are sealed with which key. */
export interface PasswordsByKey {
  /** Devices that were looked at. */
  readonly devices: number;
  /** Passwords by the id of their key; under the empty id those that are not sealed as they should be. */
  readonly passwords: ReadonlyMap<string, number>;
  /** Changes that were looked at. */
  readonly entries: number;
  /** The same for the old passwords that they hold. */
  readonly history: ReadonlyMap<string, number>;
  /** The key of the secret of idempotency keys; undefined while there is none. */
  readonly secretKeyId: string | undefined;
}

/** Page by page: one statement over all devices of a large fleet would take longer than a statement may. */
const PAGE = 5_000;

/** Counts the stored WiFi passwords by the key that they are sealed with. */
export async function countPasswords(run: RunStatement): Promise<PasswordsByKey> {
  const devices = await countIn(run, DEVICE_ROWS);
  const entries = await countIn(run, HISTORY_ROWS);
  const secret = await findSecret(run);
  return {
    devices: devices.count,
    passwords: devices.passwords,
    entries: entries.count,
    history: entries.passwords,
    secretKeyId: secret && keyIdOf(secret),
  };
}

async function countIn(
  run: RunStatement,
  { countByKey, start, placeOf }: SealedRows,
): Promise<{ readonly count: number; readonly passwords: ReadonlyMap<string, number> }> {
  const passwords = new Map<string, number>();
  let count = 0;
  let place: readonly unknown[] | undefined = start;
  while (place !== undefined) {
    const rows: readonly RowReader[] = (await run(countByKey, [PAGE, ...place])).map((row) =>
      RowReader.of(row),
    );
    for (const row of rows) {
      const keyId = row.textOrNull('key_id');
      if (keyId !== null) passwords.set(keyId, (passwords.get(keyId) ?? 0) + row.int('passwords'));
    }
    const [last] = rows;
    count += last?.int('row_count') ?? 0;
    place = last && placeOf(last);
  }
  return { count, passwords };
}

/** The keys of the ring that nothing stored is sealed with any more; the key that seals is none of them. */
export function unusedKeys(
  { passwords, history, secretKeyId }: PasswordsByKey,
  { keyIds, currentKeyId }: KeyRing,
): readonly string[] {
  const isUsed = (keyId: string): boolean =>
    keyId === currentKeyId || keyId === secretKeyId || passwords.has(keyId) || history.has(keyId);
  return keyIds.filter((keyId) => !isUsed(keyId));
}

/** Forgets the check values of keys, so that a ring without them is accepted. */
export async function forgetKeys(prisma: Prisma, keyIds: readonly string[]): Promise<void> {
  await prisma.secretKeyCheck.deleteMany({ where: { keyId: { in: [...keyIds] } } });
}
