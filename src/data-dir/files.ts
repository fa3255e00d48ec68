import { errorCode } from '../errors/error-code.js';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartupError } from '../errors/startup-error.js';

/** The message of whatever was thrown. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The account that this process acts as is root. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** The text of a file, or undefined when there is no such file. Other errors are thrown. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * Makes a folder and those above it that are missing.
 * Node's own `recursive` never ends where the system says of a folder that exists that it does not, as below /proc.
 * @returns whether the folder is new
 */
export async function makeFolder(path: string, mode: number): Promise<boolean> {
  try {
    return await makeOne(path, mode);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  await makeFolder(dirname(path), mode);
  return await makeOne(path, mode);
}

async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && (await stat(path)).isDirectory()) return false;
    throw error;
  }
}

/** Flushes a folder, so that the names in it outlive a crash of the machine. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Writes a file that only its owner may read under a name of its own beside `path` and returns that name.
 * Root gives it to the owner of the folder, who can then start the gateway as well.
 */
export async function writeBeside(path: string, text: string): Promise<string> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (isRoot()) {
      const folder = await stat(dirname(path));
      await chown(temporary, folder.uid, folder.gid);
    }
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Replaces a file in one step: a reader, or a crash, finds the old text or the new one, never a part. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = await writeBeside(path, text);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

const storageErrors = new Map([
  ['EACCES', 'Give this account the right to read and write it, or set DATA_DIR to another folder.'],
  ['EPERM', 'Give this account the right to read and write it, or set DATA_DIR to another folder.'],
  ['EROFS', 'Its file system is read-only: set DATA_DIR to a folder that can be written.'],
  ['ENOTDIR', 'A part of that path is a file: set DATA_DIR to a folder.'],
  ['EEXIST', 'A part of that path is a file: set DATA_DIR to a folder.'],
  ['ENOENT', 'If its file system is read-only, set DATA_DIR to a folder on another one.'],
  ['ELOOP', 'Set DATA_DIR to a folder.'],
  ['ENAMETOOLONG', 'Set DATA_DIR to a shorter path.'],
  ['ENOSPC', 'Free space on its file system, or set DATA_DIR to a folder on another one.'],
  ['EDQUOT', 'Free space within the quota, or set DATA_DIR to a folder on another file system.'],
]);

/** Runs `work`; an error of the file system becomes a {@link StartupError} that names DATA_DIR. */
export async function reportingStorageErrors<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const advice = storageErrors.get(errorCode(error) ?? '');
    if (advice === undefined) throw error;
    throw new StartupError(`DATA_DIR "${dataDir}" cannot be used (${messageOf(error)}). ${advice}`);
  }
}
