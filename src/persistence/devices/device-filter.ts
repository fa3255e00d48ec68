import type { DeviceState } from '../../domain/device.js';
import type { DeviceModelType } from '../../domain/device-model.js';
import type { Reach } from '../../domain/reach.js';
import type { RunStatement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { canBeStored, Conditions, containing } from '../database/sql-builder.js';
import { textHolds } from './text-search.js';

/** Which devices a list shall hold; an empty list of values fits nothing. */
export interface DeviceFilter {
  readonly ids?: readonly string[];
  readonly customerId?: string;
  readonly modelIds?: readonly string[];
  readonly states?: readonly DeviceState[];
  readonly types?: readonly DeviceModelType[];
  /** False fits what is not known to be online. */
  readonly online?: boolean;
  /** False fits what is not known to be provisioned. */
  readonly provisioned?: boolean;
  /** Whether the newest job failed. */
  readonly lastJobFailed?: boolean;
  /** Strictly; also fits devices that never reported. */
  readonly lastCommBefore?: Date;
  readonly hasMvnoAccount?: boolean;
  readonly simStatusCodes?: readonly string[];
  /** The whole WAN, public or IPv6 address as reported, in any case. */
  readonly ip?: string;
  /** Part of the name of the device, its customer or a reseller above, of its MAC address (any notation) or serial number. */
  readonly search?: string;
}

/** Whether a list holds all devices within reach. */
export function isWhole(filter: DeviceFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

/** Where a list finds its devices. */
export interface DeviceSource {
  /** The tables that reach and filter need, `d` the device. */
  readonly tables: string;
  /** The columns that hold the device's id, the one whose index gives the order of ids first. */
  readonly keys: readonly [string, ...string[]];
}

const INNER_STATUS = 'JOIN device_status s ON s.device_id = d.id';
const LEFT_STATUS = `LEFT ${INNER_STATUS}`;
/**
 * What an outer join has of these columns. The planner takes both tables for one: it finds devices by an index of each, in order
 * of id or those of another table, where an outer join has to begin with all devices. Conditions of the parts would be in its way.
 */
const STATUS_OR_NONE = `JOIN (
    SELECT device_id, online, last_comm, last_comm_floor FROM device_status
    UNION ALL SELECT device_id, NULL::boolean, NULL::timestamptz, '-infinity'::timestamptz FROM unreported_device
  ) s ON s.device_id = d.id`;

/**
 * Puts reach and filter into the conditions; the tables hold the columns that they name.
 * @param needsStatus whether the list reads of the status of each device
 */
export async function deviceSource(
  run: RunStatement,
  reach: Reach,
  filter: DeviceFilter,
  where: Conditions,
  needsStatus = false,
): Promise<DeviceSource> {
  const { online, simStatusCodes, lastCommBefore, ip } = filter;
  const hasStatus = online === true || simStatusCodes !== undefined || isAddress(ip);
  const mayLackStatus = online === false || lastCommBefore !== undefined;
  const status = hasStatus ? INNER_STATUS : mayLackStatus ? STATUS_OR_NONE : needsStatus ? LEFT_STATUS : '';
  const keys: readonly [string, ...string[]] =
    hasStatus || mayLackStatus ? ['d.id', 's.device_id'] : ['d.id'];
  addReach(reach, where);
  addFilter(filter, await modelsOf(run, filter), where);
  addStatusFilter(filter, where);
  const searched = filter.search?.trim() ?? '';
  if (searched !== '') where.add(searchCondition(searched, reach, where));
  return {
    tables: `network_device d ${reach.kind === 'below' ? 'JOIN device_reach r ON r.device_id = d.id' : ''} ${status}`,
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

function addFilter(filter: DeviceFilter, modelsOfTypes: readonly string[], where: Conditions): void {
  const { ids, customerId, modelIds, states, types, provisioned, lastJobFailed, hasMvnoAccount } = filter;
  if (ids !== undefined) where.add(`d.id = ANY(${where.param(ids)})`);
  if (customerId !== undefined) where.add(`d.customer_id = ${where.param(customerId)}`);
  if (modelIds !== undefined) where.add(`d.model_id = ANY(${where.param(modelIds)})`);
  if (states !== undefined) where.add(stateCondition(states, where));
  if (types !== undefined) where.add(`d.model_id = ANY(${where.param(modelsOfTypes)})`);
  if (provisioned !== undefined) where.add(provisioned ? 'd.provisioned' : NOT_PROVISIONED);
  if (hasMvnoAccount !== undefined) where.add(`d.mvno_account IS ${hasMvnoAccount ? 'NOT' : ''} NULL`);
  if (lastJobFailed !== undefined) where.add(`${lastJobFailed ? '' : 'NOT'} ${LAST_JOB_FAILED}`);
}

/** An index holds failed jobs alone. Negated, a condition with IN would go through all of them for each device when they are many. */
const LAST_JOB_FAILED = `EXISTS (SELECT FROM provisioning_job f WHERE f.device_id = d.id AND f.state = 'FAILED' AND NOT EXISTS (
  SELECT FROM provisioning_job later WHERE later.device_id = f.device_id AND later.id > f.id))`;

/** Those that a job will provision, and those that none will. No index holds the column, because jobs change it all the time. */
const NOT_PROVISIONED = `d.provisioned IS NOT TRUE AND d.id IN (
  SELECT device_id FROM (
    SELECT device_id, state IN ('QUEUED', 'RUNNING') AND kind = 'SETTINGS' AS may_fit FROM provisioning_job
    UNION ALL SELECT device_id, TRUE FROM unprovisioned_device
  ) candidate WHERE may_fit)`;

function addStatusFilter(filter: DeviceFilter, where: Conditions): void {
  const { online, simStatusCodes, lastCommBefore, ip } = filter;
  if (online !== undefined) where.add(online ? 's.online = true' : 's.online IS NOT TRUE');
  if (simStatusCodes !== undefined) where.add(`s.sim_status_code = ANY(${where.param(simStatusCodes)})`);
  if (lastCommBefore !== undefined) {
    const moment = where.param(lastCommBefore);
    where.add(`s.last_comm_floor < ${moment} AND (s.last_comm IS NULL OR s.last_comm < ${moment})`);
  }
  if (isAddress(ip)) where.add(addressCondition(ip.trim(), where));
}

/** A blank text is no condition. */
function isAddress(ip: string | undefined): ip is string {
  return ip !== undefined && ip.trim() !== '';
}

function addressCondition(ip: string, where: Conditions): string {
  if (!canBeStored(ip)) return 'FALSE';
  const address = `lower(${where.param(ip)})`;
  return `(lower(s.wan_ip) = ${address} OR lower(s.public_ip) = ${address} OR lower(s.ipv6) = ${address})`;
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
function searchCondition(search: string, reach: Reach, where: Conditions): string {
  const digits = search.replaceAll(/[:.-]/g, '').toLowerCase();
  const isMacNotation = digits.length < search.length && /^[0-9a-f]{2,12}$/.test(digits);
  return [
    `(${textHolds(TEXTS, search, where)}`,
    ...(isMacNotation ? [macHolds(digits, where)] : []),
    `d.customer_id = ANY(ARRAY(${customersBelow(search, reach, where)})))`,
  ].join(' OR ');
}

/** The customers below one whose name fits, itself included; names out of reach do not count. */
function customersBelow(search: string, reach: Reach, where: Conditions): string {
  const fits = textHolds('n.name', search, where);
  if (reach.kind === 'own' || reach.kind === 'nothing') return `SELECT n.id FROM customer n WHERE ${fits}`;
  const isReached =
    reach.kind === 'all' ? '' : ` AND n.ancestor_ids @> ARRAY[${where.param(reach.customerId)}]::text[]`;
  return `SELECT id FROM customer WHERE ancestor_ids && ARRAY(SELECT n.id FROM customer n WHERE ${fits}${isReached})`;
}

/** The index holds the MAC address among other texts; the address itself decides. */
function macHolds(digits: string, where: Conditions): string {
  return `(${textHolds(TEXTS, digits, where)} AND d.mac_address LIKE ${where.param(containing(digits))})`;
}
