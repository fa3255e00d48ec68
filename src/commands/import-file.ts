import { readFile, stat } from 'node:fs/promises';
import type { Settings } from '../config/settings.js';
import { errorCode } from '../errors/error-code.js';
import { StartupError } from '../errors/startup-error.js';
import { createLog } from '../logging/log.js';
import { readFleetText } from '../operations/import-fleet/fleet-text.js';
import { importFleet } from '../operations/import-fleet/import-fleet.js';
import { writeFleet } from '../persistence/devices/fleet-writer.js';
import { openStorage } from '../persistence/setup/open-storage.js';
import { shownLines } from './shown-lines.js';

/** Maximum size of a fleet file: JavaScript has no longer texts. */
const MAX_FLEET_BYTES = 500_000_000;

/**
 * Loads a fleet file into the database of the settings, beside a running server or without one.
 * @param settingsOf read after the file, whose errors are shown first
 * @returns a sentence that says what is new
 * @throws StartupError for what the user can mend
 */
export async function importFile(
  file: string,
  settingsOf: () => Settings,
  onProgress: (done: number, total: number) => void,
): Promise<string> {
  const content = await readFleetFile(file);
  const { database, keyRing, close } = await openStorage(settingsOf(), createLog('warn'), true);
  try {
    const write: Parameters<typeof importFleet>[0] = async (work) =>
      await writeFleet(database.prisma, keyRing, work);
    const outcome = await importFleet(write, content, onProgress, new Date());
    if ('errors' in outcome) throw new StartupError(describe(file, outcome.errors));
    const { customers, deviceModels, devices } = outcome.inserted;
    return `Imported from ${file}: ${customers} customers, ${deviceModels} device models, ${devices} devices are new.`;
  } finally {
    await close();
  }
}

async function readFleetFile(file: string): Promise<unknown> {
  const read = readFleetText(await readBytes(file));
  if ('error' in read) throw new StartupError(`${file} ${read.error} Nothing was written.`);
  return read.content;
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FLEET_BYTES) {
      throw new StartupError(`${file} is larger than ${MAX_FLEET_BYTES} bytes. Split it into several files.`);
    }
    return await readFile(file);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const code = errorCode(error) ?? 'unknown fault';
    throw new StartupError(`${file} cannot be read (${code}). Name a file that exists and is readable.`);
  }
}

function describe(file: string, errors: readonly string[]): string {
  return [`${file} has faults. Nothing was written.`, ...shownLines(errors, (error) => error)].join('\n');
}
