import type { Viewer } from '../access/viewer.js';
import { ORDER_OF_IDS, type DevicePlace } from '../domain/device-order.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { DeviceFilter } from '../persistence/devices/device-filter.js';
import type { DeviceLists } from '../persistence/devices/device-lists.js';
import { retryProvisioning } from './retry-provisioning.js';
import type { WriteParts } from './write-device.js';

/** Which devices are sent their settings again. */
export interface ReprovisionRequest {
  /** Only those whose newest job failed. */
  readonly onlyFailed: boolean;
  /** Only those of this customer. */
  readonly customerId: string | undefined;
  /** Only those with a higher id: where an earlier run got to. */
  readonly afterId: string | undefined;
  /** Maximum number of devices in a second. */
  readonly perSecond: number;
  /** For the audit trail, the same for all of them. */
  readonly requestId: string;
}

/** What sending settings again to many devices works with. */
export interface ReprovisionParts extends WriteParts {
  readonly deviceLists: Pick<DeviceLists, 'page' | 'count'>;
  /** Waits until this number of milliseconds after the start. @returns whether to go on */
  readonly waitUntil: (millisecond: number) => Promise<boolean>;
  /** @param lastId the device that was done last */
  readonly onProgress: (done: number, lastId: string) => void;
}

/** How many devices were sent their settings, and how many were gone or being deleted by then. */
export interface Reprovisioned {
  readonly sent: number;
  readonly skipped: number;
  /** False when it was interrupted. */
  readonly isComplete: boolean;
}

const EVERYTHING = { kind: 'all' } as const;
/** An operator at the console, as the audit trail has it. */
const OPERATOR: Viewer = { subject: 'reprovision', level: 'ADMIN', customerId: null, scopes: [] };
const PAGE = 500;
/** What is read of a listed device: its place is enough. */
const ONLY_IDS: ReadonlySet<string> = new Set(['id']);

/** How many devices there are to do. */
export async function countToReprovision(
  { deviceLists }: Pick<ReprovisionParts, 'deviceLists'>,
  request: Pick<ReprovisionRequest, 'onlyFailed' | 'customerId'>,
): Promise<number> {
  return await deviceLists.count(EVERYTHING, filterOf(request));
}

/**
 * Sends the settings of many devices to them once more, each as `retryProvisioning` does, in order of id and at a rate. A device
 * that fails again meanwhile is not done twice.
 * @throws DATABASE_UNAVAILABLE and what else ends it; what was done stays done
 */
export async function reprovisionDevices(
  parts: ReprovisionParts,
  request: ReprovisionRequest,
): Promise<Reprovisioned> {
  let place: DevicePlace | null = request.afterId === undefined ? null : { id: request.afterId, value: null };
  let sent = 0;
  let skipped = 0;
  for (;;) {
    const page = { limit: PAGE, isBackward: false, after: place, before: null, order: ORDER_OF_IDS };
    const found = await parts.deviceLists.page(EVERYTHING, filterOf(request), page, ONLY_IDS);
    for (const { place: here } of found.slice(0, PAGE)) {
      const mayGoOn = await parts.waitUntil(((sent + skipped) * 1_000) / request.perSecond);
      if (!mayGoOn) return { sent, skipped, isComplete: false };
      if (await sendAgain(parts, here.id, request.requestId)) sent += 1;
      else skipped += 1;
      place = here;
      parts.onProgress(sent + skipped, here.id);
    }
    if (found.length <= PAGE) return { sent, skipped, isComplete: true };
  }
}

function filterOf({
  onlyFailed,
  customerId,
}: Pick<ReprovisionRequest, 'onlyFailed' | 'customerId'>): DeviceFilter {
  return {
    states: ['ACTIVE', 'PROVISIONING'],
    ...(onlyFailed && { lastJobFailed: true }),
    ...(customerId !== undefined && { customerId }),
  };
}

/** @returns false for a device that went away since it was listed, or is on its way */
async function sendAgain(parts: WriteParts, id: string, requestId: string): Promise<boolean> {
  try {
    await retryProvisioning(parts, OPERATOR, { id, requestId, once: undefined });
    return true;
  } catch (error) {
    const isGone =
      error instanceof GatewayError && (error.code === 'NOT_FOUND' || error.code === 'DEVICE_DELETING');
    if (isGone) return false;
    throw error;
  }
}
