import { parseArgs } from 'node:util';
import { loadSettings } from '../config/settings.js';
import { StartupError } from '../errors/startup-error.js';
import { createLog } from '../logging/log.js';
import { GENERATED_RESELLER, generateDevices } from '../persistence/fixtures/generate-devices.js';
import { openStorage } from '../persistence/setup/open-storage.js';
import { showProgress } from './progress.js';
import { runCommand } from './run-command.js';

const MAX_DEVICES = 10_000_000;

/** Fills the database of the settings with devices for measurements. */
await runCommand(async () => {
  const devices = readNumber();
  const settings = loadSettings();
  if (settings.isProduction)
    throw new StartupError('NODE_ENV is production: generated devices do not belong there.');
  const { database, keyRing, close } = await openStorage(settings, createLog('warn'), true);
  try {
    await generateDevices(database.prisma, keyRing, devices, showProgress());
    process.stdout.write(
      `${devices} devices are there. Half are below the reseller ${GENERATED_RESELLER}.\n`,
    );
  } finally {
    await close();
  }
});

function readNumber(): number {
  const usage = `Usage: npm run db:generate -- --devices N, from 1 to ${MAX_DEVICES}`;
  try {
    const { values } = parseArgs({ options: { devices: { type: 'string' } } });
    const devices = Number(values.devices);
    if (Number.isInteger(devices) && devices >= 1 && devices <= MAX_DEVICES) return devices;
  } catch {
    // An unknown option gets the usage as well.
  }
  throw new StartupError(usage);
}
