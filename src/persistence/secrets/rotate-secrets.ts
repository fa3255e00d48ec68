import { PASSWORD_COLUMNS } from '../rows/fields.js';
import { setTimeout as delay } from 'node:timers/promises';
import { WIFI_PASSWORD_FIELDS, type WifiPasswordField } from '../../domain/wifi.js';
import { SecretError } from '../../errors/secret-error.js';
import type { Database, Statement } from '../database/database.js';
import { resealIdempotencySecret } from '../idempotency/idempotency-secret.js';
import { openPassword, sealPassword } from '../../secrets/device-secrets.js';
import { type KeyRing, SealedText, sealPrefix } from '../../secrets/key-ring.js';
import { RowReader } from '../database/row-reader.js';
import { countPasswords, type PasswordsByKey } from './secret-survey.js';

/** A stored password that does not open. It is left as it is. */
interface UnreadablePassword {
  readonly deviceId: string;
  readonly field: WifiPasswordField;
  readonly error: SecretError;
}

/** What a rotation came to. */
export interface Rotation {
  /** Devices whose passwords were sealed anew. */
  readonly devices: number;
  readonly unreadable: readonly UnreadablePassword[];
  /** Where every password is afterwards. */
  readonly byKey: PasswordsByKey;
  /** False when it was broken off, or when others kept changing what is left. */
  readonly isComplete: boolean;
}

/** How a rotation is watched and broken off. */
export interface RotationControl {
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Devices that are looked at, and at most sealed anew, in one statement: their rows are locked for a moment only. */
const PAGE = 500;
/** A row that somebody else holds is left for the next pass. */
const MAX_PASSES = 20;
const BETWEEN_PASSES_MS = 500;

/**
 * Seals the secret of idempotency keys and every WiFi password that is not under the first key of the ring with that key. It touches nothing else of a
 * device: no version, no time of change, no job. Whoever changes a password meanwhile wins. What was done stays done
 * when it is broken off, so the next one goes on from there.
 */
export async function rotateSecrets(
  { run }: Pick<Database, 'run'>,
  keyRing: KeyRing,
  { onProgress, signal }: RotationControl,
): Promise<Rotation> {
  await resealIdempotencySecret(run, keyRing);
  const before = await countPasswords(run);
  let devices = 0;
  let unreadable: readonly UnreadablePassword[] = [];
  for (let pass = 1; pass <= MAX_PASSES && !signal.aborted; pass += 1) {
    if (pass > 1) await delay(BETWEEN_PASSES_MS, undefined, { signal }).catch(() => undefined);
    const outcome = await rotateOnce({ run }, keyRing, signal, (done) => {
      if (pass === 1) onProgress(Math.min(done, before.devices), before.devices);
    });
    devices += outcome.devices;
    unreadable = outcome.unreadable;
    if (!outcome.isComplete) continue;
    const byKey = await countPasswords(run);
    // An update that began before its device was rotated may have put something back.
    if (staleIn(byKey, keyRing) === unreadable.length)
      return { devices, unreadable, byKey, isComplete: true };
  }
  return { devices, unreadable, byKey: await countPasswords(run), isComplete: false };
}

function staleIn({ passwords }: PasswordsByKey, { currentKeyId }: KeyRing): number {
  const others = [...passwords].filter(([keyId]) => keyId !== currentKeyId);
  return others.reduce((total, [, count]) => total + count, 0);
}

/** One pass over all devices. It is complete when nothing that opens is left behind. */
async function rotateOnce(
  { run }: Pick<Database, 'run'>,
  keyRing: KeyRing,
  signal: AbortSignal,
  onPage: (done: number) => void,
): Promise<Omit<Rotation, 'byKey'>> {
  const unreadable: UnreadablePassword[] = [];
  let [devices, skipped, done] = [0, 0, 0];
  let after: string | undefined = '';
  while (after !== undefined && !signal.aborted) {
    const rows: readonly RowReader[] = (
      await run(FIND_STALE, [after, PAGE, sealPrefix(keyRing.currentKeyId)])
    ).map((row) => RowReader.of(row));
    const changes = rows
      .filter((row) => row.flag('is_stale'))
      .map((row) => sealAnew(row, keyRing, unreadable))
      .filter((change) => change !== undefined);
    const written = changes.length === 0 ? 0 : (await run(SEAL_ANEW, [JSON.stringify(changes)])).length;
    devices += written;
    skipped += changes.length - written;
    done += PAGE;
    after = rows.at(-1)?.text('id');
    if (after !== undefined) onPage(done);
  }
  return { devices, unreadable, isComplete: skipped === 0 && !signal.aborted };
}

const COLUMN_NAMES = Object.values(PASSWORD_COLUMNS);

/** The devices of one page that hold a password under another key, and the last device of the page, where the next begins. */
const FIND_STALE: Statement = {
  name: 'find-stale-secrets',
  text: `WITH page AS (
      SELECT id, ${COLUMN_NAMES.join(', ')}, ${COLUMN_NAMES.map((name) => `coalesce(NOT starts_with(${name}, $3), false)`).join(' OR ')} AS is_stale
      FROM network_device WHERE id > $1 ORDER BY id LIMIT $2
    )
    SELECT * FROM page WHERE is_stale OR id = (SELECT max(id) FROM page) ORDER BY id`,
  onLostConnection: 'nothing-written',
};

const UNCHANGED = COLUMN_NAMES.map((name) => `d.${name} IS NOT DISTINCT FROM change.old_${name}`).join(
  ' AND ',
);

/**
 * Compares what is stored with what was opened, so it cannot overwrite what somebody else wrote in between. A row that is
 * being changed is not waited for: the others of the page would be locked meanwhile.
 */
const SEAL_ANEW: Statement = {
  name: 'seal-anew',
  text: `WITH change AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS t(id text, ${COLUMN_NAMES.flatMap((name) => [`old_${name} text`, `${name} text`]).join(', ')})
    ), free AS (
      SELECT d.id FROM network_device d JOIN change ON change.id = d.id
      WHERE ${UNCHANGED} FOR NO KEY UPDATE OF d SKIP LOCKED
    )
    UPDATE network_device d SET ${COLUMN_NAMES.map((name) => `${name} = change.${name}`).join(', ')}
    FROM change JOIN free ON free.id = change.id
    WHERE d.id = change.id AND ${UNCHANGED}
    RETURNING d.id`,
  onLostConnection: 'unknown',
};

/** What to write for one device; undefined when none of its stale passwords opens. */
function sealAnew(
  row: RowReader,
  keyRing: KeyRing,
  unreadable: UnreadablePassword[],
): Readonly<Record<string, string | null>> | undefined {
  const id = row.text('id');
  const change: Record<string, string | null> = { id };
  let isChanged = false;
  for (const field of WIFI_PASSWORD_FIELDS) {
    const column = PASSWORD_COLUMNS[field];
    const old = row.textOrNull(column);
    change[`old_${column}`] = old;
    change[column] = old;
    const secret = old === null ? null : new SealedText(old);
    if (secret === null || keyRing.isCurrent(secret)) continue;
    try {
      const text = openPassword(keyRing, id, field, secret);
      if (text === null) continue;
      change[column] = sealPassword(keyRing, id, field, text).sealed;
      isChanged = true;
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      unreadable.push({ deviceId: id, field, error });
    }
  }
  return isChanged ? change : undefined;
}
