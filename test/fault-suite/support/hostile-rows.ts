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

/** Requests that cost seconds, or all memory, when nobody bounds them. @param id of a device that is there */
export function hostileRows(id: string): readonly HostileRow[] {
  return [
    {
      name: '9,000 unknown fields',
      isAboutTexts: true,
      operation: {
        query: UPDATE,
        variables: { i: Object.fromEntries(times(9_000, 0).map((_, n) => [`u${n}`, 0])) },
      },
      soundVariables: { i: {} },
      boundMs: BODY_MS,
    },
    {
      name: '9,000 fields of a wrong type',
      operation: {
        query: 'mutation ($r: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $r) { id } }',
        variables: { r: times(9_000, { upTime: 'x' }) },
      },
      soundVariables: { r: [{ device: id }] },
      boundMs: BODY_MS,
    },
    {
      name: '30,000 × {} where ids are wanted',
      operation: { query: BATCH, variables: { ids: times(30_000, {}) } },
      soundVariables: { ids: [id] },
      boundMs: BODY_MS,
    },
    {
      name: '50 × an id of 95 kB',
      operation: {
        query: `query ($id: ID!) { ${many(50, (n) => `a${n}: networkDevice(id: $id) { id }`)} }`,
        variables: { id: 'x'.repeat(95_000) },
      },
      soundVariables: { id },
      boundMs: BODY_MS,
    },
    {
      name: 'an enum value of 95 kB of "Did you mean "',
      isAboutTexts: true,
      operation: {
        query: `{ networkDeviceConnection(filter: { state: ["${'Did you mean '.repeat(7_000)}"] }) { totalCount } }`,
        variables: {},
      },
      boundMs: BODY_MS,
    },
  ];
}
