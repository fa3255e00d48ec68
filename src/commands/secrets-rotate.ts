import { shownLines } from './shown-lines.js';
import { parseArgs } from 'node:util';
import { loadSettings, type Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import { StartupError } from '../errors/startup-error.js';
import { createLog } from '../logging/log.js';
import { addDataDirKey } from '../data-dir/secrets.js';
import { checkKeyRing } from '../persistence/secrets/key-ring-check.js';
import { KeyRing } from '../secrets/key-ring.js';
import { openStorage, type Storage } from '../persistence/setup/open-storage.js';
import { rotateSecrets, type Rotation } from '../persistence/secrets/rotate-secrets.js';
import {
  countPasswords,
  forgetKeys,
  unusedKeys,
  type PasswordsByKey,
} from '../persistence/secrets/secret-survey.js';
import { showProgress } from './progress.js';
import { runCommand } from './run-command.js';
import { shutdownSignal } from './shutdown-signal.js';

/** Seals every WiFi password with the first key of the ring, beside running gateways or without one; docs/secrets.md. */
await runCommand(async () => {
  const { check, newKey } = readOptions();
  const settings = loadSettings();
  if (newKey) assertRingInDataDir(settings);
  // A new key is nothing for a gateway that runs: whoever does not share DATA_DIR has it alone.
  const storage = await openStorage(settings, createLog('warn'), !newKey);
  try {
    if (check) write(countsIn(await countPasswords(storage.database.run), storage.keyRing));
    else await rotate(storage, newKey ? await withNewKey(storage, settings) : storage.keyRing);
  } catch (error) {
    throw error instanceof GatewayError && error.code !== 'INTERNAL_ERROR'
      ? brokenOff('The database went away')
      : error;
  } finally {
    await storage.close();
  }
});

function readOptions(): { readonly check: boolean; readonly newKey: boolean } {
  try {
    const { values } = parseArgs({ options: { check: { type: 'boolean' }, 'new-key': { type: 'boolean' } } });
    const { check = false, 'new-key': newKey = false } = values;
    if (!(check && newKey)) return { check, newKey };
  } catch {
    // An unknown option gets the usage as well.
  }
  throw new StartupError(
    'Usage: npm run secrets:rotate -- [--check | --new-key]\n' +
      '--check only counts; --new-key makes a key first, for a ring that is kept in DATA_DIR.',
  );
}

function assertRingInDataDir({ secretKeys, databaseUrl }: Settings): void {
  if (secretKeys === undefined && databaseUrl === undefined) return;
  throw new StartupError(
    '--new-key is for the embedded database and its ring in DATA_DIR. ' +
      'With WIFI_SECRET_KEYS or DATABASE_URL set, put the new key into WIFI_SECRET_KEYS as docs/secrets.md tells.',
  );
}

async function withNewKey({ database }: Storage, { dataDir }: Settings): Promise<KeyRing> {
  const keyRing = new KeyRing(await addDataDirKey(dataDir));
  await checkKeyRing(database.prisma, keyRing);
  write(`Key "${keyRing.currentKeyId}" is new, and the first of the ring in DATA_DIR.\n`);
  return keyRing;
}

async function rotate({ database }: Storage, keyRing: KeyRing): Promise<void> {
  const abort = new AbortController();
  void shutdownSignal().then(() => abort.abort());
  const rotation = await rotateSecrets(database, keyRing, {
    onProgress: showProgress('devices and changes'),
    signal: abort.signal,
  });
  write(
    `The passwords of ${rotation.devices} devices were sealed anew, and those in ${rotation.entries} changes of their history.\n`,
  );
  if (!rotation.isComplete) {
    throw brokenOff(abort.signal.aborted ? 'Interrupted' : 'Some devices are being changed all the time');
  }
  const unused = unusedKeys(rotation.byKey, keyRing);
  await forgetKeys(database.prisma, unused);
  write(countsIn(rotation.byKey, keyRing));
  if (rotation.unreadable.length > 0) throw new StartupError(errorsIn(rotation));
}

function brokenOff(reason: string): StartupError {
  return new StartupError(`${reason}: what was done stays done. Start the command again for the rest.`);
}

function countsIn(byKey: PasswordsByKey, keyRing: KeyRing): string {
  const line = (keyId: string): string => {
    const count = byKey.passwords.get(keyId) ?? 0;
    const old = byKey.history.get(keyId) ?? 0;
    const history = old === 0 ? '' : `, and ${old} in the history of devices`;
    if (keyId === '') return `without a key: ${count} passwords that are no sealed texts${history}`;
    const place = keyId === keyRing.currentKeyId ? ', the first of the ring' : '';
    const missing = keyRing.has(keyId) ? '' : ', which is not in the ring';
    const secret = keyId === byKey.secretKeyId ? ' and the secret of idempotency keys' : '';
    return `key "${keyId}"${place}${missing}: ${count} passwords${history}${secret}`;
  };
  const keyIds = new Set([
    ...keyRing.keyIds,
    ...byKey.passwords.keys(),
    ...byKey.history.keys(),
    ...(byKey.secretKeyId === undefined ? [] : [byKey.secretKeyId]),
  ]);
  const unused = unusedKeys(byKey, keyRing).map((keyId) => `"${keyId}"`);
  const advice =
    unused.length === 0
      ? []
      : [`Nothing is sealed with ${unused.join(', ')} any more: the ring does without.`];
  return [...[...keyIds].map(line), ...advice, ''].join('\n');
}

function errorsIn({ unreadable }: Rotation): string {
  return [
    `${unreadable.length} passwords do not open and were left as they are:`,
    ...shownLines(
      unreadable,
      ({ deviceId, version, field, error }) =>
        `device ${deviceId}${version === undefined ? '' : `, before version ${version}`}, wifi.${field}: ${error.message}`,
    ),
  ].join('\n');
}

function write(text: string): void {
  process.stdout.write(text);
}
