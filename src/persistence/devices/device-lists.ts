import type { Reach } from '../../domain/reach.js';
import type { PageRequest } from '../../domain/page-request.js';
import type { DeviceState } from '../../domain/device.js';
import type { DeviceModelType } from '../../domain/device-model.js';
import type { Database, RunStatement, Statement } from '../database/database.js';
import {
  DEVICE,
  DEVICE_JOINS,
  DEVICE_TABLES,
  type StoredDeviceOrError,
  toStoredDevice,
} from '../rows/device-row.js';
import { customerOf, reachedId } from './reach.js';
import { RowReader } from '../database/row-reader.js';
import { Conditions, containing, unsizedIds } from '../database/sql-builder.js';
import { textHolds } from './text-search.js';

/** Which devices a list shall hold; an empty list of values fits nothing. */
export interface DeviceFilter {
  readonly customerId?: string;
  readonly states?: readonly DeviceState[];
  readonly types?: readonly DeviceModelType[];
  readonly online?: boolean;
  readonly simStatusCodes?: readonly string[];
  /** Part of the device's name, its customer's name, MAC address (any notation) or serial number. */
  readonly search?: string;
}

/** Lists of devices; the reach is part of every statement. */
export interface DeviceLists {
  readonly findMany: (reach: Reach, ids: readonly string[]) => Promise<readonly StoredDeviceOrError[]>;
  /** Devices in the order of the page, one more than its limit when there are more. */
  readonly page: (
    reach: Reach,
    filter: DeviceFilter,
    page: PageRequest,
  ) => Promise<readonly StoredDeviceOrError[]>;
  readonly count: (reach: Reach, filter: DeviceFilter) => Promise<number>;
}

const LIST_BY_ID: Statement = {
  name: 'list-by-id',
  text: `SELECT ${DEVICE} FROM unnest(${unsizedIds('$1')}) AS wanted(id)
    JOIN network_device d ON d.id = ${reachedId('$2::text', '$3::text', 'wanted.id')} ${DEVICE_JOINS}`,
  onLostConnection: 'nothing-written',
};

/** The lists of this database. */
export function deviceLists({ run }: Database): DeviceLists {
  return {
    findMany: async (reach, ids) => {
      const rows = await run(LIST_BY_ID, [ids, reach.kind, customerOf(reach)]);
      return rows.map(toStoredDevice);
    },
    page: async (reach, filter, page) => {
      const where = new Conditions();
      const { tables, keys } = source(reach, filter, await modelsOf(run, filter), where);
      const [key] = keys;
      // The planner does not conclude from one table to the other, and would read the other from its start.
      for (const column of keys) {
        if (page.afterId !== null) where.add(`${column} > ${where.param(page.afterId)}`);
        if (page.beforeId !== null) where.add(`${column} < ${where.param(page.beforeId)}`);
      }
      const order = page.isBackward ? 'DESC' : 'ASC';
      // The ids are found first, by indexes alone where that is possible; only the page itself is read in full.
      const text = `WITH page AS MATERIALIZED (
          SELECT d.id FROM ${tables} WHERE ${where.toString()}
          ORDER BY ${key} ${order} LIMIT ${where.param(page.limit + 1)}
        )
        SELECT ${DEVICE} FROM ${DEVICE_TABLES} JOIN page ON page.id = d.id
        ORDER BY d.id ${order}`;
      return (await run({ text, onLostConnection: 'nothing-written' }, where.values)).map(toStoredDevice);
    },
    count: async (reach, filter) => {
      const where = new Conditions();
      const { tables } = source(reach, filter, await modelsOf(run, filter), where);
      const text = `SELECT count(*)::integer AS total FROM ${tables} WHERE ${where.toString()}`;
      const [row] = await run({ text, onLostConnection: 'nothing-written' }, where.values);
      return row === undefined ? 0 : RowReader.of(row).int('total');
    },
  };
}

interface Source {
  /** The tables that reach and filter need, `d` the device. */
  readonly tables: string;
  /** The columns that hold the device's id, the one whose index gives the order of the page first. */
  readonly keys: readonly [string, ...string[]];
}

/** Puts reach and filter into the conditions; the tables hold what they speak of. */
function source(reach: Reach, filter: DeviceFilter, modelIds: readonly string[], where: Conditions): Source {
  const reachJoin = reach.kind === 'below' ? 'JOIN device_reach r ON r.device_id = d.id' : '';
  const needsStatus = filter.online !== undefined || filter.simStatusCodes !== undefined;
  const keys: readonly [string, ...string[]] = needsStatus ? ['d.id', 's.device_id'] : ['d.id'];
  addReach(reach, where);
  addFilter(filter, modelIds, where);
  return {
    tables: `network_device d ${reachJoin} ${needsStatus ? 'JOIN device_status s ON s.device_id = d.id' : ''}`,
    keys: reach.kind === 'below' ? ['r.device_id', ...keys] : keys,
  };
}

function addReach(reach: Reach, where: Conditions): void {
  switch (reach.kind) {
    case 'nothing':
      where.add('FALSE');
      break;
    case 'own':
      where.add(`d.customer_id = ${where.param(reach.customerId)}`);
      break;
    case 'below':
      where.add(`r.ancestor_id = ${where.param(reach.customerId)}`);
      break;
    case 'all':
      break;
  }
}

/** Models of the filter's types. With their ids in the statement the planner knows how common they are. */
async function modelsOf(run: RunStatement, { types }: DeviceFilter): Promise<readonly string[]> {
  if (types === undefined) return [];
  const text = 'SELECT id FROM device_model WHERE type = ANY($1::device_model_type[])';
  const rows = await run({ name: 'list-models-of-types', text, onLostConnection: 'nothing-written' }, [
    types,
  ]);
  return rows.map((row) => RowReader.of(row).text('id'));
}

function addFilter(filter: DeviceFilter, modelIds: readonly string[], where: Conditions): void {
  const { customerId, states, types, online, simStatusCodes, search } = filter;
  if (customerId !== undefined) where.add(`d.customer_id = ${where.param(customerId)}`);
  if (states !== undefined) where.add(stateCondition(states, where));
  if (types !== undefined) where.add(`d.model_id = ANY(${where.param(modelIds)})`);
  if (online !== undefined) where.add(`s.online = ${where.param(online)}`);
  if (simStatusCodes !== undefined) where.add(`s.sim_status_code = ANY(${where.param(simStatusCodes)})`);
  if (search !== undefined && search.trim() !== '') where.add(searchCondition(search.trim(), where));
}

/**
 * No index holds the state, because jobs change it all the time. Nearly all devices are ACTIVE; those in one of the other
 * states are found by what goes with it.
 */
function stateCondition(states: readonly DeviceState[], where: Conditions): string {
  if (states.length === 0) return 'FALSE';
  const condition = `d.state = ANY(${where.param(states)}::device_state[])`;
  const places = [...new Set(states)].map((state) => RARE_STATES[state]);
  return places.includes(null) ? condition : `${condition} AND d.id IN (${places.join(' UNION ALL ')})`;
}

const RARE_STATES: Readonly<Record<DeviceState, string | null>> = {
  ACTIVE: null,
  PROVISIONING: `SELECT device_id FROM provisioning_job WHERE state IN ('QUEUED', 'RUNNING') AND kind = 'SETTINGS'`,
  DELETING: 'SELECT id FROM network_device WHERE is_deleting IS TRUE',
};

/** What stands between the texts is in none of them, so that no search finds the end of one and the start of the next. */
const TEXTS = `d.name || chr(1) || d.mac_address || chr(1) || coalesce(d.serial_number, '')`;

/** The texts of the row by their trigram index, or the customers whose name fits; the planner combines both. */
function searchCondition(search: string, where: Conditions): string {
  const digits = search.replaceAll(/[:.-]/g, '').toLowerCase();
  const isMacNotation = digits.length < search.length && /^[0-9a-f]{2,12}$/.test(digits);
  const customers = `SELECT id FROM customer WHERE ${textHolds('name', search, where)}`;
  return [
    `(${textHolds(TEXTS, search, where)}`,
    ...(isMacNotation ? [macHolds(digits, where)] : []),
    `d.customer_id = ANY(ARRAY(${customers})))`,
  ].join(' OR ');
}

/** The index holds the MAC address among other texts; the address itself decides. */
function macHolds(digits: string, where: Conditions): string {
  return `(${textHolds(TEXTS, digits, where)} AND d.mac_address LIKE ${where.param(containing(digits))})`;
}
