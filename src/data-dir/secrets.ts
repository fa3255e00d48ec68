import { errorCode } from '../errors/error-code.js';
import type { SecretKey } from '../secrets/key-ring.js';
import { randomBytes } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseSecretKeys } from '../config/secret-keys.js';
import { StartupError } from '../errors/startup-error.js';
import { makeFolder, readIfPresent, replaceFile, reportingStorageErrors, writeBeside } from './files.js';

function keyRingFile(dataDir: string): string {
  return join(dataDir, 'wifi-secret-keys');
}

/** The key ring that is kept in DATA_DIR, made on first use. */
export async function dataDirKeyRing(dataDir: string): Promise<readonly [SecretKey, ...SecretKey[]]> {
  const file = keyRingFile(dataDir);
  const text = await readOrCreate(file, newKey);
  const parsed = parseSecretKeys(text);
  if ('errors' in parsed) {
    throw new StartupError(`${file}: ${parsed.errors.join(', ')}. Restore it from a backup.`);
  }
  return parsed.keys;
}

/**
 * Puts a new key in front of the ring that is kept in DATA_DIR. The caller holds DATA_DIR: a gateway that runs has the
 * old ring in its memory and could not open what the new key seals.
 */
export async function addDataDirKey(dataDir: string): Promise<readonly [SecretKey, ...SecretKey[]]> {
  await dataDirKeyRing(dataDir);
  const file = keyRingFile(dataDir);
  await reportingStorageErrors(dataDir, async () => {
    const present = (await readIfPresent(file)) ?? '';
    await replaceFile(file, `${newKey()},${present.trim()}\n`);
  });
  return await dataDirKeyRing(dataDir);
}

/** A key with an id of its own, so that the rings of two folders are never taken for each other. */
function newKey(): string {
  return `local-${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`;
}

/** The key of the local issuer, made on first use. */
export async function dataDirIssuerKey(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, 'local-issuer-key');
  const key = Buffer.from(await readOrCreate(file, () => randomBytes(32).toString('base64')), 'base64');
  if (key.length !== 32)
    throw new StartupError(`${file}: not a key of 32 bytes. Delete it to get a new one.`);
  return key;
}

/** Reads a secret of one line, or makes it: complete at once, for its owner alone, whoever tries at the same time. */
async function readOrCreate(file: string, make: () => string): Promise<string> {
  return await reportingStorageErrors(dirname(file), async () => {
    const present = await readIfPresent(file);
    if (present !== undefined) return present.trim();
    await makeFolder(dirname(file), 0o700);
    const draft = await writeBeside(file, `${make()}\n`);
    try {
      // Unlike a rename, a link never replaces a secret that somebody else has made and may already use.
      await link(draft, file);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    } finally {
      await rm(draft, { force: true });
    }
    return ((await readIfPresent(file)) ?? '').trim();
  });
}
