import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import type { Customer } from '../domain/customer.js';
import { type Device, NO_SETTINGS, provisionedAnew } from '../domain/device.js';
import { namesOfChanges } from '../domain/device-changes.js';
import { type DeviceModel, EVERY_CAPABILITY } from '../domain/device-model.js';
import { applyPatch, type DevicePatch } from '../domain/device-patch.js';
import { violationsOfNew } from '../domain/device-rules.js';
import { idOrNone } from '../domain/id.js';
import { assertNoViolation, GatewayError, invalidValue, type Violation } from '../errors/gateway-error.js';
import type { WriteKey } from '../persistence/idempotency/idempotency-keys.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import type { FoundPlace, KeptCreate } from '../persistence/devices/read-place.js';
import { sealWifi } from '../secrets/device-secrets.js';
import type { ChangeParts } from './change-device.js';
import type { DeviceView } from './device-view.js';
import { newId } from './new-id.js';
import { assertRepeat } from './once-only.js';
import { type Decision, MAC_TAKEN, writeDevice, type WriteRequest } from './write-device.js';

/** What a client asks a create for. */
export interface CreateRequest extends Omit<WriteRequest, 'id'> {
  /** Id of the customer as the client wrote it. */
  readonly customer: string;
  /** Id of the device model as the client wrote it. */
  readonly model: string;
  readonly patch: DevicePatch;
  /** Do everything but write. */
  readonly dryRun: boolean;
}

/** What the operation works with. */
export interface CreateParts extends ChangeParts {
  /** Maximum number of devices that a customer may have for others than ADMIN; 0 for any number. */
  readonly devicesPerCustomer: number;
}

/** What a create decides on: a device without settings in its place. */
interface FoundDraft extends FoundDevice {
  readonly place: FoundPlace;
}

/**
 * Creates a device for a customer.
 * @returns the device as written, or as it would have been for a dry run
 * @throws ACCESS_DENIED for a customer that is missing or out of reach (INVALID_VALUE to ADMIN), INVALID_VALUE and
 *   MAC_ADDRESS_IN_USE with every violation; RATE_LIMITED after too many of the latter
 */
export async function createNetworkDevice(
  parts: CreateParts,
  viewer: Viewer,
  request: CreateRequest,
): Promise<DeviceView> {
  const { customer, model, patch, requestId, once } = request;
  const now = parts.now();
  const id = newId(now);
  const macAddress = parseMac(patch.macAddress ?? '') ?? null;
  const isLimited = viewer.level !== 'ADMIN' && parts.devicesPerCustomer > 0;
  const deviceLimit = isLimited ? parts.devicesPerCustomer : null;
  const lookup = { customerId: idOrNone(customer), modelId: idOrNone(model), macAddress, deviceLimit };
  return await writeDevice<FoundDraft>(
    parts,
    viewer,
    { id, requestId, once },
    {
      find: async ({ readPlace }, { reach, key }) => {
        const place = await readPlace({ ...lookup, reach, key });
        if (place === undefined) return undefined;
        if (key !== undefined && place.kept !== undefined)
          return { ...toRepeat(viewer, key, place.kept), place };
        return { ...toDraft(id, place, now), place };
      },
      macAddress,
      decide: (found) => decideCreate(parts, request, found, deviceLimit),
    },
  );
}

/** The customer that an absent one stands for; no id where the viewer has none. */
export function ownCustomer({ customerId }: Viewer): string {
  return customerId ?? '';
}

/**
 * The device that an earlier call with the key created.
 * @throws IDEMPOTENCY_KEY_REUSED for another call, and when the device is out of reach by now; as for a missing device when it is gone
 */
function toRepeat(viewer: Viewer, key: WriteKey, kept: KeptCreate): FoundDevice {
  assertRepeat(key, kept);
  if (kept.isGone) throw refusal(viewer);
  if (kept.device === undefined) throw new GatewayError('IDEMPOTENCY_KEY_REUSED');
  if (kept.device instanceof Error) throw kept.device;
  const { device } = kept;
  return { device, isMacTaken: false, takesMac: false, keptKey: kept, replacedVersion: null };
}

/** In place of a customer that is not there; only for those who reach all devices. */
const NO_CUSTOMER: Customer = { id: '', name: '', ancestorIds: [] };

/** In place of a model that is not there: no rule looks at what it can do. */
const NO_MODEL: DeviceModel = {
  id: '',
  name: 'unknown',
  type: 'OTHER',
  brand: null,
  description: null,
  picture: null,
  capabilities: EVERY_CAPABILITY,
};

function toDraft(
  id: string,
  { customer = NO_CUSTOMER, model = NO_MODEL, isMacTaken, takesMac }: FoundPlace,
  now: Date,
): FoundDevice {
  const device: FoundDevice['device'] = {
    id,
    version: 0,
    state: 'ACTIVE',
    ...NO_SETTINGS,
    jobs: 0,
    hasRunningJob: false,
    hasOpenRemoval: false,
    isGivenUp: false,
    model,
    customer,
    status: null,
    createdAt: now,
    updatedAt: now,
  };
  return { device, isMacTaken, takesMac, keptKey: undefined, replacedVersion: null };
}

function decideCreate(
  { secrets }: CreateParts,
  { patch, dryRun }: CreateRequest,
  { device: draft, place }: FoundDraft,
  deviceLimit: number | null,
): Decision {
  const before: Device = { ...draft, wifi: null };
  const named = { ...patch, name: patch.name ?? draft.model.name };
  const created: Device = { ...before, ...applyPatch(before, named), version: 1 };
  assertNoViolation(violationsOf(created, patch, place));
  const needsJob = created.wifi !== null || created.dhcp !== null;
  const whole = needsJob ? provisionedAnew(created) : created;
  const device = { ...whole, wifi: sealWifi(secrets, draft.id, whole.wifi) };
  if (dryRun) return { device };
  const paths = namesOfChanges(before, created);
  return { device, write: { kind: 'create', needsJob, deviceLimit, action: 'CREATE', paths } };
}

/** The fields of the input that violations are of, in their order. */
const FIELDS = [
  'customer',
  'model',
  'macAddress',
  'serialNumber',
  'mvnoAccount',
  'name',
  'notes',
  'wifi',
  'dhcp',
];

/** Every violation in the order of the input's fields. */
function violationsOf(
  created: Device,
  patch: DevicePatch,
  { customer, model, isMacTaken, isFull }: FoundPlace,
): Violation[] {
  const violations: Violation[] = [];
  if (customer === undefined) violations.push(invalidValue('customer', 'There is no customer with this id.'));
  if (isFull) violations.push(invalidValue('customer', 'The customer has as many devices as it may.'));
  if (model === undefined) violations.push(invalidValue('model', 'There is no device model with this id.'));
  if (isMacTaken) violations.push(MAC_TAKEN);
  for (const { path, message } of violationsOfNew(created, created, patch))
    violations.push(invalidValue(path, message));
  const rank = ({ path }: Violation): number => FIELDS.indexOf(path.replace(/[.[].*$/, ''));
  return violations.toSorted((one, other) => rank(one) - rank(other));
}
