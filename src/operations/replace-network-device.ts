import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import { type Device, type DeviceSettings, replacedDevice } from '../domain/device.js';
import { namesOfChanges } from '../domain/device-changes.js';
import type { DeviceModel } from '../domain/device-model.js';
import { applyPatch } from '../domain/device-patch.js';
import { violationsOfReplacement } from '../domain/device-rules.js';
import { type ReplacingHardware, withoutUnsupported } from '../domain/hardware.js';
import { idOrNone } from '../domain/id.js';
import { assertNoViolation, invalidValue, type Violation } from '../errors/gateway-error.js';
import type { CatalogStore } from '../persistence/devices/catalog-store.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import { type ChangeParts, type ChangeRequest, decideChange } from './change-device.js';
import type { DeviceView } from './device-view.js';
import { type Decision, MAC_TAKEN, writeDevice } from './write-device.js';

/** What a client asks a replacement for. */
export interface ReplaceRequest extends ChangeRequest, ReplacingHardware {}

/** What the operation works with. */
export interface ReplaceParts extends ChangeParts {
  readonly catalog: CatalogStore;
}

/** A device, and the model of the hardware that takes its place. */
interface FoundReplacement extends FoundDevice {
  /** Undefined when there is none. */
  readonly model: DeviceModel | undefined;
}

/**
 * Puts other hardware in the place of a device: id, name, notes and settings stay, and are brought to the new one as a whole.
 * @returns the device as written, or as it would have been for a dry run
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), DEVICE_DELETING, VERSION_CONFLICT, or INVALID_VALUE, VALUE_NOT_PERMITTED and
 *   MAC_ADDRESS_IN_USE with every violation; RATE_LIMITED after too many of the latter
 */
export async function replaceNetworkDevice(
  parts: ReplaceParts,
  viewer: Viewer,
  request: ReplaceRequest,
): Promise<DeviceView> {
  const { model } = request;
  return await writeDevice<FoundReplacement>(parts, viewer, request, {
    find: async ({ read }, lookup) => {
      const found = await read(lookup);
      if (found === undefined || model === null) return found && { ...found, model: found.device.model };
      const [named] = await parts.catalog.findDeviceModels([idOrNone(model)]);
      return { ...found, model: named };
    },
    macAddress: parseMac(request.macAddress) ?? null,
    decide: (found) => decideReplace(parts, request, found),
  });
}

function decideReplace(parts: ReplaceParts, request: ReplaceRequest, found: FoundReplacement): Decision {
  return decideChange(parts, request, found, (before) => {
    const { model = before.model } = found;
    const { macAddress, serialNumber, dropUnsupported } = request;
    const patched = applyPatch(before, { macAddress, serialNumber });
    const after = dropUnsupported ? withoutUnsupported(patched, model.capabilities) : patched;
    assertNoViolation(violationsOf(before, after, found));
    const next = replacedDevice(before, after, model, parts.now());
    const paths = [...namesOfChanges(before, after), ...(model.id === before.model.id ? [] : ['model'])];
    return { next, write: { kind: 'replace', needsJob: true, action: 'REPLACE', paths } };
  });
}

const FIELDS = ['macAddress', 'model', 'serialNumber'];

/** Every violation, those of the input's fields first and in their order. */
function violationsOf(
  before: Device,
  after: DeviceSettings,
  { model, isMacTaken }: FoundReplacement,
): Violation[] {
  const violations: Violation[] = [];
  if (isMacTaken) violations.push(MAC_TAKEN);
  if (after.macAddress === before.macAddress) {
    violations.push(invalidValue('macAddress', 'The device has this MAC address already.'));
  }
  if (model === undefined) violations.push(invalidValue('model', 'There is no device model with this id.'));
  if (model !== undefined && model.type !== before.model.type) {
    const message = `Only models of type ${before.model.type} can take the place of this one.`;
    violations.push({ path: 'model', code: 'VALUE_NOT_PERMITTED', message });
  }
  for (const { path, message } of violationsOfReplacement(before, after, model ?? before.model)) {
    violations.push(invalidValue(path, message));
  }
  const rank = ({ path }: Violation): number =>
    (FIELDS.indexOf(path) + FIELDS.length + 1) % (FIELDS.length + 1);
  return violations.toSorted((one, other) => rank(one) - rank(other));
}
