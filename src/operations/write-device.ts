import { mayReadWifiPasswords, mayUpdateDevice } from '../access/policy.js';
import { updateReach } from '../access/reach.js';
import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { withProgress } from '../domain/device.js';
import { idOrNone } from '../domain/id.js';
import { CATALOGUE } from '../errors/catalogue.js';
import { GatewayError, inputError, type Violation } from '../errors/gateway-error.js';
import type { AuditEntry } from '../persistence/rows/audit.js';
import type { DeviceStore, WriteAttempt } from '../persistence/devices/device-store.js';
import type { DeviceWrite } from '../persistence/devices/write-device.js';
import type { DeviceLookup, FoundDevice } from '../persistence/devices/read-device.js';
import type { IdempotencyKeys, WriteKey } from '../persistence/idempotency/idempotency-keys.js';
import { auditedBy } from './audited-by.js';
import type { DeviceView } from './device-view.js';
import { type MacProbeLimit, withinMacProbes } from './mac-probes.js';
import { assertRepeat, type OnceOnly, repeatable } from './once-only.js';

/** What every operation that writes a device works with. */
export interface WriteParts {
  readonly devices: DeviceStore;
  readonly macProbes: MacProbeLimit;
  readonly keys: IdempotencyKeys;
}

/** What a client asks every operation for that writes a device. */
export interface WriteRequest {
  /** The device, as the client wrote its id. */
  readonly id: string;
  /** For the audit trail. */
  readonly requestId: string;
  /** Undefined for a call without an idempotency key, and for a dry run. */
  readonly once: OnceOnly | undefined;
}

/** What an operation decides to make of a device that was read. */
export interface Decision {
  /** The device as the answer shows it; of a device that was written, state and jobs are taken from its row. */
  readonly device: DeviceWrite['device'];
  /** Absent when nothing is to be written: nothing changes, or the run is a dry one. */
  readonly write?: Pick<DeviceWrite, 'kind' | 'needsJob' | 'deviceLimit'> &
    Partial<Pick<DeviceWrite, 'before'>> &
    Pick<AuditEntry, 'action' | 'paths' | 'revertedTo'>;
}

/** How an operation decides on a device within reach. */
export interface DecidingOn<Found extends FoundDevice = FoundDevice> {
  /** Finds what the operation decides on; undefined where there is nothing within reach. */
  readonly find: (attempt: WriteAttempt, lookup: DeviceLookup) => Promise<Found | undefined>;
  /** The MAC address that the device is to have, in normal form; null when it is to have none in particular. */
  readonly macAddress: string | null;
  /** Everything that forbids the write is thrown. */
  readonly decide: (found: Found) => Decision;
}

/** Finds the device that is asked for: how most operations do. */
export const findDevice: DecidingOn['find'] = async ({ read }, lookup) => await read(lookup);

/** Maximum number of times somebody else may be first before a write locks the row; more would only waste work. */
const OPTIMISTIC_ATTEMPTS = 3;
/** Maximum number of attempts on a locked row: in the first one somebody may still use the same idempotency key. */
const LOCKED_ATTEMPTS = 2;

/**
 * Writes a device that is there: reads it, checks reach, has the operation decide, and writes with the job, the change and the
 * audit entry. When somebody else wrote in between, all of it is done again. A call that repeats an earlier one by its idempotency
 * key has no second effect.
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), IDEMPOTENCY_KEY_REUSED, RATE_LIMITED for too many live keys, MAC_ADDRESS_IN_USE, RATE_LIMITED after too many of these, and what `decide` throws
 */
export async function writeDevice<Found extends FoundDevice>(
  parts: WriteParts,
  viewer: Viewer,
  request: WriteRequest,
  deciding: DecidingOn<Found>,
): Promise<DeviceView> {
  const { devices, keys } = parts;
  const key = request.once && keys.digest(viewer.subject, request.once.key, request.once.call);
  const attempt = async (way: WriteAttempt): Promise<DeviceView | undefined> =>
    await attemptWrite(parts, viewer, { ...request, key }, deciding, way);
  return await repeatable(key, async () => {
    for (let count = 0; count < OPTIMISTIC_ATTEMPTS + LOCKED_ATTEMPTS; count += 1) {
      const isLocked = count >= OPTIMISTIC_ATTEMPTS;
      const view = await (isLocked ? devices.locked(attempt) : attempt(devices.optimistic));
      if (view !== undefined) return view;
    }
    throw new Error('A locked row was changed by somebody else.');
  });
}

/** A request with the digests of its idempotency key. */
interface KeyedRequest extends WriteRequest {
  readonly key: WriteKey | undefined;
}

/** One read, one decision, one write; undefined when somebody else wrote in between. */
async function attemptWrite<Found extends FoundDevice>(
  { macProbes, keys }: WriteParts,
  viewer: Viewer,
  { key, ...request }: KeyedRequest,
  { find, macAddress, decide }: DecidingOn<Found>,
  way: WriteAttempt,
): Promise<DeviceView | undefined> {
  const reach = updateReach(viewer);
  const found = await find(way, { id: idOrNone(request.id), macAddress, reach, key });
  if (found === undefined || !mayUpdateDevice(viewer, found.device.customer)) throw refusal(viewer);
  const passwords = mayReadWifiPasswords(viewer, found.device.customer) ? 'shown' : 'refused';
  if (key !== undefined && found.keptKey !== undefined) {
    assertRepeat(key, found.keptKey);
    return { device: found.device, passwords, isReplay: true };
  }
  if (key !== undefined) await keys.assertBelowLimit(key);
  const decideAndWrite = async (): Promise<DeviceView | undefined> => {
    const { device, write } = decide(found);
    if (write === undefined) {
      const isKept = key === undefined || (await way.keepKey(key, device.id));
      return isKept ? { device, passwords } : undefined;
    }
    const { action, paths, revertedTo, ...what } = write;
    const audit = {
      ...auditedBy(viewer, request),
      action,
      paths,
      ...(revertedTo !== undefined && { revertedTo }),
    };
    const outcome = await way.write({
      before: found.device,
      ...what,
      device,
      takesMac: found.takesMac,
      reach,
      audit,
      key,
    });
    if (outcome === 'outdated' || outcome === 'key-taken') return undefined;
    if (outcome === 'mac-taken') {
      // It may be the first call with this key that took it, or it may be given up by now; the next attempt finds that out.
      if (!way.isLocked) return undefined;
      throw inputError([MAC_TAKEN]);
    }
    return { device: withProgress(device, outcome), passwords };
  };
  const isProbe = macAddress !== null && macAddress !== found.device.macAddress;
  if (!isProbe) return await decideAndWrite();
  // A locked attempt holds the row, which another one with budget may wait for.
  return await withinMacProbes(macProbes, viewer, decideAndWrite, !way.isLocked);
}

/** @throws VERSION_CONFLICT when the device is not at the version that the client knows; null and undefined stand for any */
export function assertVersion(
  { version }: { readonly version: number },
  expected: number | null | undefined,
): void {
  if (expected !== undefined && expected !== null && expected !== version) {
    throw new GatewayError('VERSION_CONFLICT', { currentVersion: version });
  }
}

/** The violation of a MAC address that another device has. */
export const MAC_TAKEN: Violation = {
  path: 'macAddress',
  code: 'MAC_ADDRESS_IN_USE',
  message: CATALOGUE.MAC_ADDRESS_IN_USE.message,
};
