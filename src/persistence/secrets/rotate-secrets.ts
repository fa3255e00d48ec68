import { PASSWORD_COLUMNS } from '../rows/fields.js';
import { setTimeout as delay } from 'node:timers/promises';
import { WIFI_PASSWORD_FIELDS, type WifiPasswordField } from '../../domain/wifi.js';
import { SecretError } from '../../errors/secret-error.js';
import type { Database } from '../database/database.js';
import { resealIdempotencySecret } from '../idempotency/idempotency-secret.js';
import { openPassword, sealPassword } from '../../secrets/device-secrets.js';
import { type KeyRing, SealedText, sealPrefix } from '../../secrets/key-ring.js';
import { RowReader } from '../database/row-reader.js';
import { ALL_SEALED_ROWS, DEVICE_ROWS, type SealedRows } from './sealed-rows.js';
import { countPasswords, type PasswordsByKey } from './secret-survey.js';

/** A stored password that does not open. It is left as it is. */
interface UnreadablePassword {
  readonly deviceId: string;
  /** Of the change that holds it; undefined for that of the device as it is. */
  readonly version: number | undefined;
  readonly field: WifiPasswordField;
  readonly error: SecretError;
}

/** What a rotation came to. */
export interface Rotation {
  /** Devices whose passwords were sealed anew. */
  readonly devices: number;
  /** Changes whose old passwords were. */
  readonly entries: number;
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

/** Maximum number of rows that are looked at, and at most sealed anew, in one statement: their rows are locked for a moment only. */
const PAGE = 500;
/** A row that somebody else holds is left for the next pass. */
const MAX_PASSES = 20;
const BETWEEN_PASSES_MS = 500;

/**
 * Seals the secret of idempotency keys and every WiFi password, old ones in the history too, that is not under the first key of the ring with that key. It touches nothing else of a
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
  const total = before.devices + before.entries;
  let [devices, entries] = [0, 0];
  let unreadable: readonly UnreadablePassword[] = [];
  for (let pass = 1; pass <= MAX_PASSES && !signal.aborted; pass += 1) {
    if (pass > 1) await delay(BETWEEN_PASSES_MS, undefined, { signal }).catch(() => undefined);
    const outcome = await rotateOnce({ run }, keyRing, signal, (done) => {
      if (pass === 1) onProgress(Math.min(done, total), total);
    });
    devices += outcome.devices;
    entries += outcome.entries;
    unreadable = outcome.unreadable;
    if (!outcome.isComplete) continue;
    const byKey = await countPasswords(run);
    // An update that began before its device was rotated may have put something back.
    if (staleIn(byKey, keyRing) === unreadable.length)
      return { devices, entries, unreadable, byKey, isComplete: true };
  }
  return { devices, entries, unreadable, byKey: await countPasswords(run), isComplete: false };
}

function staleIn({ passwords, history }: PasswordsByKey, { currentKeyId }: KeyRing): number {
  const others = [...passwords, ...history].filter(([keyId]) => keyId !== currentKeyId);
  return others.reduce((total, [, count]) => total + count, 0);
}

/** One pass over all rows. It is complete when nothing that opens is left behind. */
async function rotateOnce(
  { run }: Pick<Database, 'run'>,
  keyRing: KeyRing,
  signal: AbortSignal,
  onPage: (done: number) => void,
): Promise<Omit<Rotation, 'byKey'>> {
  const unreadable: UnreadablePassword[] = [];
  const written = { devices: 0, entries: 0 };
  let [skipped, done] = [0, 0];
  for (const rows of ALL_SEALED_ROWS) {
    let place: readonly unknown[] | undefined = rows.start;
    while (place !== undefined && !signal.aborted) {
      const page: readonly RowReader[] = (
        await run(rows.findStale, [PAGE, sealPrefix(keyRing.currentKeyId), ...place])
      ).map((row) => RowReader.of(row));
      const changes = page
        .filter((row) => row.flag('is_stale'))
        .map((row) => sealAnew(row, rows, keyRing, unreadable))
        .filter((change) => change !== undefined);
      const sealed = changes.length === 0 ? 0 : (await run(rows.sealAnew, [JSON.stringify(changes)])).length;
      written[rows === DEVICE_ROWS ? 'devices' : 'entries'] += sealed;
      skipped += changes.length - sealed;
      const last = page.at(-1);
      place = last && rows.placeOf(last);
      if (last === undefined) continue;
      done += last.int('row_in_page');
      onPage(done);
    }
  }
  return { ...written, unreadable, isComplete: skipped === 0 && !signal.aborted };
}

/** What to write to one row; undefined when none of its stale passwords opens. */
function sealAnew(
  row: RowReader,
  rows: SealedRows,
  keyRing: KeyRing,
  unreadable: UnreadablePassword[],
): Readonly<Record<string, unknown>> | undefined {
  const [id, version, entry] = rowNames(row, rows);
  const change: Record<string, unknown> = { id, version, entry };
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
      unreadable.push({ deviceId: id, version, field, error });
    }
  }
  return isChanged ? change : undefined;
}

/** The device of a row; of one of its history also the version of the change, and the entry. */
function rowNames(
  row: RowReader,
  rows: SealedRows,
): readonly [string, number | undefined, string | undefined] {
  const id = row.text('id');
  return rows === DEVICE_ROWS ? [id, undefined, undefined] : [id, row.int('version'), row.text('entry')];
}
