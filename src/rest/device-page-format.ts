import { dottedPath } from '../errors/dotted-path.js';
import { z } from 'zod';
import type { Device } from '../domain/device.js';
import { type DeviceStatus, UNREPORTED_STATUS } from '../domain/device-status.js';
import { DHCP_FIELDS, MAX_RESERVATIONS, type ReservedClient } from '../domain/dhcp.js';
import { byKind } from '../domain/section-fields.js';
import { WIFI_FIELDS, type WifiSettings } from '../domain/wifi.js';
import { GatewayError, inputError, type Violation } from '../errors/gateway-error.js';
import type { DeviceInput } from '../domain/device-input.js';

// Every spelling of the page "API : Network Device Update" stands in this file: its response above, its request below.

/** A device as the page prints it. */
type DevicePage = ReturnType<typeof toPage>;

/** A device in the page's JSON: its "Response" table, in the order of its example; what is not there is null. */
export function toPage(device: Device) {
  const { model, customer, wifi, dhcp, status } = device;
  return {
    _id: device.id,
    state: device.state,
    name: device.name,
    model: model.id,
    modelType: model.type,
    modelBrand: model.brand,
    modelDescription: model.description,
    modelPicture: model.picture,
    customer: customer.id,
    macAddress: device.macAddress,
    serialNumber: device.serialNumber,
    mvnoAccount: device.mvnoAccount,
    jobs: device.jobs,
    notes: device.notes,
    // The names and the order of the settings are the page's.
    wifi,
    dhcp: dhcp && { ...dhcp, reservedClients: dhcp.reservedClients.map(toReservation) },
    status: status && toStatus(status),
  };
}

/** The page's table calls `enable` a String, its example prints a boolean; the example is what clients parse. */
function toReservation({ mac, ip, enable, id }: ReservedClient): ReservedClient {
  return { mac, ip, enable, id };
}

/** The page's names where they are others than those of the status. */
const STATUS_NAMES: ReadonlyMap<string, string> = new Map<keyof DeviceStatus, string>([
  ['upTimeSeconds', 'upTime'],
  ['simStatusCode', 'simStatus'],
  ['networkTypeCode', 'networkType'],
  // Spelt like this on the page.
  ['ssSignalStrength', 'ssSingnalStrength'],
  ['uplinkRateKbps', 'uplinkRate'],
  ['downlinkRateKbps', 'downlinkRate'],
  ['connectionSeconds', 'connectionTime'],
]);

/** Codes and addresses go out as they are stored: "1", "32", "". */
function toStatus(status: DeviceStatus): Readonly<Record<string, unknown>> {
  const named = Object.entries({ ...status, lastComm: status.lastComm?.toISOString() ?? null });
  return Object.fromEntries(named.map(([name, value]) => [STATUS_NAMES.get(name) ?? name, value]));
}

/** One entry for each property: one that the page prints and a request does not know would not compile. */
type EachOf<T> = Readonly<Record<keyof T, z.ZodType>>;

const NEEDS_OBJECT = 'An object is needed here.';
const text = z.string('A text or null is needed here.').nullable().exactOptional();
const int = z.int('A whole number or null is needed here.').nullable().exactOptional();
const flag = z.boolean('true, false or null is needed here.').nullable().exactOptional();
/** The page: "dhcp.reservedClients[].enable | String". What is called `enable` is understood in both ways. */
const enable = z
  .union(
    [z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')],
    'true, false or null is needed here.',
  )
  .nullable()
  .exactOptional();
/** Read-only: a device that was read can be posted back whole. */
const ignored = z.unknown().optional();

const RESERVATION = { mac: text, ip: text, enable, id: text } as const satisfies EachOf<ReservedClient>;
/** The entries of a list that is too long are not judged, so none is looked at. */
const withoutExcess = (list: unknown): unknown =>
  Array.isArray(list) && list.length > MAX_RESERVATIONS ? Array(MAX_RESERVATIONS + 1).fill({}) : list;
const reservations = z
  .preprocess(
    withoutExcess,
    z.array(z.strictObject(RESERVATION, NEEDS_OBJECT), 'A list or null is needed here.').nullable(),
  )
  .exactOptional();

const WIFI = byKind(WIFI_FIELDS, { flag, text });
const DHCP = byKind(DHCP_FIELDS, { flag: enable, text, int, reservations });

const SETTINGS = {
  name: text,
  notes: text,
  macAddress: text,
  wifi: z.strictObject(WIFI, 'An object or null is needed here.').nullable().exactOptional(),
  dhcp: z.strictObject(DHCP, 'An object or null is needed here.').nullable().exactOptional(),
} as const;

const STATUS = Object.fromEntries(Object.keys(toStatus(UNREPORTED_STATUS)).map((name) => [name, ignored]));

const READ_ONLY = {
  _id: ignored,
  state: ignored,
  model: ignored,
  modelType: ignored,
  modelBrand: ignored,
  modelDescription: ignored,
  modelPicture: ignored,
  customer: ignored,
  serialNumber: ignored,
  mvnoAccount: ignored,
  jobs: ignored,
  status: z.strictObject(STATUS, 'An object or null is needed here.').nullable().exactOptional(),
} as const satisfies EachOf<Omit<DevicePage, keyof typeof SETTINGS>>;

/** The page's "Query examples" spell two settings of `wifi` in another way than its table. */
const WIRELESS = { ssid: text, password: text } as const satisfies Partial<EachOf<WifiSettings>>;

const request = z.strictObject(
  {
    ...SETTINGS,
    network: z
      .strictObject({ wireless: z.strictObject(WIRELESS, NEEDS_OBJECT).exactOptional() }, NEEDS_OBJECT)
      .exactOptional(),
    ...READ_ONLY,
  },
  NEEDS_OBJECT,
);
const settings = z.object(SETTINGS);

/**
 * What a request in the page's JSON asks for.
 * @throws BAD_REQUEST for a body that is no object; INVALID_VALUE with every property that the page lacks or that is
 *   not of its type
 */
export function fromPage(body: unknown): DeviceInput {
  const parsed = request.safeParse(body);
  if (!parsed.success) throw shapeError(parsed.error.issues);
  const wireless = parsed.data.network?.wireless ?? {};
  // Once more without the rest, so that nothing read-only travels with the input.
  const input = settings.parse(body);
  if (Object.keys(wireless).length === 0) return input;
  const { wifi } = input;
  const [first, ...others] = Object.keys(wireless).filter(
    (field) => wifi === null || (wifi !== undefined && Object.hasOwn(wifi, field)),
  );
  if (first !== undefined) throw inputError([givenTwice(first), ...others.map(givenTwice)]);
  return { ...input, wifi: { ...wifi, ...wireless } };
}

function givenTwice(field: string): Violation {
  const path = `network.wireless.${field}`;
  return { path, code: 'INVALID_VALUE', message: `Another name of wifi.${field}. Send one of them.` };
}

function shapeError(issues: readonly z.core.$ZodIssue[]): GatewayError {
  if (issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    return new GatewayError('BAD_REQUEST', { message: 'The body is not a JSON object.' });
  const [first, ...others] = issues.flatMap(violationsOf);
  return first === undefined ? new GatewayError('BAD_REQUEST') : inputError([first, ...others]);
}

function violationsOf(issue: z.core.$ZodIssue): Violation[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ path: dottedPath(issue.path), code: 'INVALID_VALUE', message: issue.message }];
  return issue.keys.map((name) => ({
    path: dottedPath([...issue.path, shortened(name)]),
    code: 'INVALID_VALUE',
    message: 'This page has no such property.',
  }));
}

/** Maximum number of characters of a name that comes back. */
const MAX_NAME = 64;

/** A name that nobody knows can be of any length, none included. */
function shortened(name: string): string {
  return name === '' ? '""' : Array.from(name).slice(0, MAX_NAME).join('');
}
