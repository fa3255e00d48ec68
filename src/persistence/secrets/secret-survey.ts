import { PASSWORD_COLUMNS } from '../rows/fields.js';
import type { Prisma, RunStatement, Statement } from '../database/database.js';
import { findSecret } from '../idempotency/idempotency-secret.js';
import { type KeyRing, keyIdOf } from '../../secrets/key-ring.js';
import { RowReader } from '../database/row-reader.js';

/** How many WiFi passwords are sealed with which key. */
export interface PasswordsByKey {
  /** Devices that were looked at. */
  readonly devices: number;
  /** Passwords by the id of their key; under the empty id those that are not sealed as they should be. */
  readonly passwords: ReadonlyMap<string, number>;
  /** The key of the secret of idempotency keys; undefined while there is none. */
  readonly secretKeyId: string | undefined;
}

/** Page by page: one statement over all devices of a large fleet would take longer than a statement may. */
const PAGE = 5_000;

const PASSWORDS = Object.values(PASSWORD_COLUMNS);

const COUNT_BY_KEY: Statement = {
  name: 'count-secrets-by-key',
  text: `WITH page AS (
      SELECT id, ${PASSWORDS.join(', ')}
      FROM network_device WHERE id > $1 ORDER BY id LIMIT $2
    ), counts AS (
      SELECT coalesce(substring(sealed FROM '^v1\\.([A-Za-z0-9_-]{1,32})\\.'), '') AS key_id, count(*)::integer AS passwords
      FROM page CROSS JOIN LATERAL (VALUES ${PASSWORDS.map((name) => `(${name})`).join(', ')}) AS s(sealed)
      WHERE sealed IS NOT NULL GROUP BY 1
    )
    SELECT (SELECT max(id) FROM page) AS last_id, (SELECT count(*)::integer FROM page) AS devices, key_id, passwords
    FROM (VALUES (true)) AS one(row) LEFT JOIN counts ON true`,
  onLostConnection: 'nothing-written',
};

/** Counts the stored WiFi passwords by the key that they are sealed with. */
export async function countPasswords(run: RunStatement): Promise<PasswordsByKey> {
  const passwords = new Map<string, number>();
  let devices = 0;
  let after: string | null = '';
  while (after !== null) {
    const rows: readonly RowReader[] = (await run(COUNT_BY_KEY, [after, PAGE])).map((row) =>
      RowReader.of(row),
    );
    for (const row of rows) {
      const keyId = row.textOrNull('key_id');
      if (keyId !== null) passwords.set(keyId, (passwords.get(keyId) ?? 0) + row.int('passwords'));
    }
    devices += rows[0]?.int('devices') ?? 0;
    after = rows[0]?.textOrNull('last_id') ?? null;
  }
  const secret = await findSecret(run);
  return { devices, passwords, secretKeyId: secret && keyIdOf(secret) };
}

/** The keys of the ring that nothing stored is sealed with any more; the key that seals is none of them. */
export function unusedKeys(
  { passwords, secretKeyId }: PasswordsByKey,
  { keyIds, currentKeyId }: KeyRing,
): readonly string[] {
  return keyIds.filter((keyId) => keyId !== currentKeyId && keyId !== secretKeyId && !passwords.has(keyId));
}

/** Forgets the check values of keys, so that a ring without them is accepted. */
export async function forgetKeys(prisma: Prisma, keyIds: readonly string[]): Promise<void> {
  await prisma.secretKeyCheck.deleteMany({ where: { keyId: { in: [...keyIds] } } });
}
