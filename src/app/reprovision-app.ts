import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import {
  countToReprovision,
  reprovisionDevices,
  type Reprovisioned,
  type ReprovisionParts,
  type ReprovisionRequest,
} from '../operations/reprovision-devices.js';
import { deviceLists } from '../persistence/devices/device-lists.js';
import { deviceStore } from '../persistence/devices/device-store.js';
import { idempotencyKeys } from '../persistence/idempotency/idempotency-keys.js';
import { openStorage } from '../persistence/setup/open-storage.js';
import { macProbeLimit } from '../limits/mac-probe-limit.js';
import { Signals } from './signals.js';

/** How the command watches and ends it. */
type Watching = Pick<ReprovisionParts, 'waitUntil' | 'onProgress'>;

/** Sending settings again, beside running gateways and workers, which do the jobs. */
export interface ReprovisionApp {
  readonly count: () => Promise<number>;
  readonly run: (watching: Watching) => Promise<Reprovisioned>;
  readonly close: () => Promise<void>;
}

/** @throws StartupError for what an operator can mend */
export async function openReprovision(
  settings: Settings,
  log: Logger,
  request: ReprovisionRequest,
): Promise<ReprovisionApp> {
  const { database, idempotencySecret, close } = await openStorage(settings, log, true);
  const parts = {
    // Workers look for jobs by themselves.
    devices: deviceStore(database, new Signals().jobs),
    deviceLists: deviceLists(database),
    macProbes: macProbeLimit(0),
    keys: idempotencyKeys(database.run, idempotencySecret),
  };
  return {
    count: async () => await countToReprovision(parts, request),
    run: async (watching) => await reprovisionDevices({ ...parts, ...watching }, request),
    close,
  };
}
