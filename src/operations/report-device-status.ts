import { mayReadDevice, mayReadWifiPasswords, mayReportStatus } from '../access/policy.js';
import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import { parseId, shownId } from '../domain/id.js';
import {
  joinReports,
  reportViolations,
  type StatusPatch,
  type StatusReport,
  type StatusUpdate,
  toStatusPatch,
} from '../domain/status-report.js';
import { GatewayError, inputError, type Violation } from '../errors/gateway-error.js';
import type { StoredDeviceOrError } from '../persistence/rows/device-row.js';
import type { StoredDevice } from '../secrets/device-secrets.js';
import type { StatusStore } from '../persistence/devices/report-status.js';
import type { DeviceView, IdentityView } from './device-view.js';

/** A report and the device that it is about, as the client wrote its id. */
export interface DeviceReport extends StatusReport {
  readonly device: string;
  /** Of the hardware that reports: a report of other hardware than the device's changes nothing. */
  readonly macAddress?: string | null;
}

/** What the operation works with. */
export interface ReportParts {
  readonly statusStore: StatusStore;
  readonly now: () => Date;
}

const MAX_REPORTS = 500;

/**
 * Stores what devices, or systems on their behalf, report of their status. A report that is older than what is known
 * changes nothing; the settings and their version stay as they are.
 * @returns for each report its device as it stands after all of them; null where there is none, for a bad report its error
 * @throws ACCESS_DENIED to others than ADMIN and holders of the scope, INVALID_VALUE for none or more than 500 reports
 */
export async function reportDeviceStatus(
  { statusStore, now }: ReportParts,
  viewer: Viewer,
  reports: readonly DeviceReport[],
): Promise<readonly (DeviceView | IdentityView | GatewayError | null)[]> {
  if (!mayReportStatus(viewer)) throw new GatewayError('ACCESS_DENIED');
  assertReportCount(reports.length);
  const moment = now();
  const readings = reports.map((report, index) => readReport(report, index, moment));
  const patches = readings.filter(isPatch);
  const naming = patches.filter(({ macAddress }) => macAddress !== null);
  const known = await statusStore.find([...new Set(naming.map(({ deviceId }) => deviceId))]);
  const counting = patches.filter((reported) => isOfItsHardware(reported, known.get(reported.deviceId)));
  const stored = await statusStore.report(updatesOf(counting), addressesOf(known));
  const devices = new Map([...known, ...stored]);
  const views = new Map([...devices].map(([id, device]) => [id, toViewOrError(viewer, device)]));
  return readings.map((reading) => {
    return isPatch(reading) ? (views.get(reading.deviceId) ?? null) : reading;
  });
}

/** A good report in normal form. */
interface ReportedPatch {
  readonly deviceId: string;
  /** As it was sent; null when the report names none. */
  readonly macAddress: string | null;
  readonly patch: StatusPatch;
}

/** Whether a report is of the hardware that the device has; one that does not say is. */
function isOfItsHardware({ macAddress }: ReportedPatch, device: StoredDeviceOrError | undefined): boolean {
  if (macAddress === null || device === undefined || device instanceof Error) return true;
  return parseMac(macAddress) === device.macAddress;
}

/** The MAC addresses of devices that can be read. */
function addressesOf(known: ReadonlyMap<string, StoredDeviceOrError>): ReadonlyMap<string, string> {
  return new Map(
    [...known].flatMap(([id, device]) => (device instanceof Error ? [] : [[id, device.macAddress] as const])),
  );
}

/** The reports of each device in their order. */
function updatesOf(reported: readonly ReportedPatch[]): ReadonlyMap<string, StatusUpdate> {
  const patches = new Map<string, [StatusPatch, ...StatusPatch[]]>();
  for (const { deviceId, patch } of reported) {
    const earlier = patches.get(deviceId);
    if (earlier === undefined) patches.set(deviceId, [patch]);
    else earlier.push(patch);
  }
  return new Map([...patches].map(([deviceId, all]) => [deviceId, joinReports(all)]));
}

function assertReportCount(count: number): void {
  if (count >= 1 && count <= MAX_REPORTS) return;
  const message = `From 1 to ${MAX_REPORTS} of them.`;
  throw inputError([{ path: 'reports', code: 'INVALID_VALUE', message }]);
}

const NOT_A_MAC = { path: 'macAddress', message: 'Not a MAC address: 12 hex digits.' };

/** The patch that a report asks for, its error, or null when its device can be none. */
function readReport(
  { device, macAddress = null, ...report }: DeviceReport,
  index: number,
  now: Date,
): ReportedPatch | GatewayError | null {
  const deviceId = parseId(device);
  const isMac = macAddress === null || parseMac(macAddress) !== undefined;
  const violations = [...(isMac ? [] : [NOT_A_MAC]), ...reportViolations(report, now)];
  const [first, ...others] = violations.map(({ path, message }): Violation => ({
    path: `reports[${index}].${path}`,
    code: 'INVALID_VALUE',
    message,
  }));
  if (first !== undefined) return inputError([first, ...others], { deviceId: shownId(device) });
  if (deviceId === undefined) return null;
  return { deviceId, macAddress, patch: toStatusPatch(report, now) };
}

function isPatch(reading: ReportedPatch | GatewayError | null): reading is ReportedPatch {
  return reading !== null && !(reading instanceof GatewayError);
}

/** A device that cannot be read is written all the same. */
function toViewOrError(
  viewer: Viewer,
  device: StoredDeviceOrError,
): DeviceView | IdentityView | GatewayError {
  if (!(device instanceof Error)) return toView(viewer, device);
  return new GatewayError('INTERNAL_ERROR', { deviceId: device.id }, { cause: device });
}

/** Whoever may report on a device may not read it for that: the level decides, as everywhere. */
function toView(viewer: Viewer, device: StoredDevice): DeviceView | IdentityView {
  if (!mayReadDevice(viewer, device.customer))
    return { identityOf: { id: device.id, version: device.version } };
  return { device, passwords: mayReadWifiPasswords(viewer, device.customer) ? 'shown' : 'hidden' };
}
