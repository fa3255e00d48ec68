import type { AccessLevel } from '../../../src/access/viewer.js';
import type { HostileOperation } from './hostile-documents.js';

/** A request that is made to cost. */
export interface HostileRow {
  readonly name: string;
  /** Of the token; undefined for a stranger. */
  readonly level?: AccessLevel;
  readonly operation: HostileOperation;
  /** Whether it is about the texts that name what is known of the schema, which may be closed. */
  readonly isAboutTexts?: true;
  /** Variables that nothing is wrong with, by which the document becomes a known one. */
  readonly soundVariables?: HostileOperation['variables'];
  /** What it is answered with, but for WebSockets, which run subscriptions only. */
  readonly code: string;
  /** Milliseconds of CPU that it may cost, by the median. */
  readonly boundMs: number;
}

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

/** What a whole body may cost that is looked at and refused. */
const BODY_MS = 50;

const UPDATE = 'mutation ($i: DeviceUpdateInput!) { updateNetworkDevice(id: "1", input: $i) { id } }';
const BATCH = 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id } }';
const WATCH = 'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id } }';
const DEVICE = 'id version name notes dhcp { reservedClients { id mac ip enable } }';

/** Requests that cost seconds, or all memory, when nobody bounds them. @param id of a device that is there */
export function hostileRows(id: string): readonly HostileRow[] {
  const reservations = { dhcp: { reservedClients: times(31_000, {}) } };
  return [
    {
      name: '9,000 unknown fields',
      isAboutTexts: true,
      operation: {
        query: UPDATE,
        variables: { i: Object.fromEntries(times(9_000, 0).map((_, n) => [`u${n}`, 0])) },
      },
      soundVariables: { i: {} },
      code: 'BAD_USER_INPUT',
      boundMs: BODY_MS,
    },
    {
      name: '6,000 fields of a wrong type',
      operation: {
        query: 'mutation ($r: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $r) { id } }',
        variables: { r: times(6_000, { upTime: 'x' }) },
      },
      soundVariables: { r: [{ device: id }] },
      code: 'BAD_USER_INPUT',
      boundMs: BODY_MS,
    },
    {
      name: '30,000 × {} where ids are wanted',
      operation: { query: BATCH, variables: { ids: times(30_000, {}) } },
      soundVariables: { ids: [id] },
      code: 'BAD_USER_INPUT',
      boundMs: BODY_MS,
    },
    {
      name: '50 × _sdl',
      operation: { query: `{ ${many(50, (n) => `a${n}: _sdl`)} }`, variables: {} },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: '50 × an id of 95 kB',
      operation: {
        query: `query ($id: ID!) { ${many(50, (n) => `a${n}: networkDevice(id: $id) { id }`)} }`,
        variables: { id: 'x'.repeat(95_000) },
      },
      soundVariables: { id },
      code: 'UNAUTHENTICATED',
      boundMs: BODY_MS,
    },
    {
      name: '50 × 31,000 empty reservations of a stranger',
      operation: {
        query: `mutation ($i: DeviceUpdateInput!) { ${many(50, (n) => `a${n}: updateNetworkDevice(id: "${id}", input: $i) { id }`)} }`,
        variables: { i: reservations },
      },
      soundVariables: { i: {} },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: 'an enum value of 95 kB of "Did you mean "',
      isAboutTexts: true,
      operation: {
        query: `{ networkDeviceConnection(filter: { state: ["${'Did you mean '.repeat(7_000)}"] }) { totalCount } }`,
        variables: {},
      },
      code: 'VALUE_NOT_PERMITTED',
      boundMs: BODY_MS,
    },
    {
      name: 'the same by a variable',
      isAboutTexts: true,
      operation: {
        query: 'query ($s: [DeviceState!]) { networkDeviceConnection(filter: { state: $s }) { totalCount } }',
        variables: { s: ['Did you mean '.repeat(7_000)] },
      },
      soundVariables: { s: [] },
      code: 'VALUE_NOT_PERMITTED',
      boundMs: BODY_MS,
    },
    {
      name: '30,000 × {} where ids are watched',
      level: 'VIEWER',
      operation: { query: WATCH, variables: { ids: times(30_000, {}) } },
      code: 'BAD_USER_INPUT',
      boundMs: BODY_MS,
    },
    {
      name: '9,000 unknown fields of a change',
      level: 'VIEWER',
      operation: {
        query: `subscription { networkDeviceChanged { ${many(9_000, (n) => `u${n}`)} } }`,
        variables: {},
      },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: '95 lists of 6,500 states for 1,000 × one id',
      level: 'VIEWER',
      operation: {
        query: `query ($ids: [ID!]!, $s: [ProvisioningJobState!]) { networkDevices(ids: $ids) { ${many(95, (n) => `a${n}: provisioningJobs(first: 0, state: $s) { id }`)} } }`,
        variables: { ids: times(1_000, id), s: times(6_500, 'QUEUED') },
      },
      soundVariables: { ids: [id], s: [] },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: '50 × 31,000 empty reservations',
      level: 'MANAGER',
      operation: {
        query: `mutation ($i: DeviceUpdateInput!) { ${many(50, (n) => `a${n}: updateNetworkDevice(id: "${id}", input: $i, dryRun: true) { id }`)} }`,
        variables: { i: reservations },
      },
      soundVariables: { i: {} },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: '45 × 1,000 × one device with all it may hold',
      level: 'VIEWER',
      operation: {
        query: `query ($ids: [ID!]!) { ${many(45, (n) => `a${n}: networkDevices(ids: $ids) { ${DEVICE} }`)} }`,
        variables: { ids: times(1_000, id) },
      },
      soundVariables: { ids: [] },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: '50 filtered counts',
      level: 'VIEWER',
      operation: {
        query: `{ ${many(50, (n) => `a${n}: networkDeviceConnection(filter: { search: "a${n}" }) { totalCount }`)} }`,
        variables: {},
      },
      code: 'OPERATION_TOO_LARGE',
      boundMs: BODY_MS,
    },
    {
      name: '50 searches for 45,000 letters',
      level: 'VIEWER',
      operation: {
        query: `query ($s: String) { ${many(50, (n) => `a${n}: networkDeviceConnection(first: 1, filter: { search: $s }) { nodes { id } }`)} }`,
        variables: { s: 'x'.repeat(45_000) },
      },
      soundVariables: { s: 'x' },
      code: 'INVALID_VALUE',
      boundMs: BODY_MS,
    },
  ];
}
