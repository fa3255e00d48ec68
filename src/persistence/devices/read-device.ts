import type { Reach } from '../../domain/reach.js';
import type { RawRow, RunStatement, Statement } from '../database/database.js';
import { DEVICE, DEVICE_JOINS, toStoredDevice } from '../rows/device-row.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import type { KeptKey, WriteKey } from '../idempotency/idempotency-keys.js';
import { customerOf, reachedId } from './reach.js';
import { macHolder, toWantedMac, type WantedMac } from './take-mac.js';
import { RowReader } from '../database/row-reader.js';
import { unsizedIds } from '../database/sql-builder.js';

/** What is asked of one device. */
export interface DeviceLookup {
  readonly id: string;
  /** A MAC address that may be in use, in normal form; null for none. */
  readonly macAddress: string | null;
  /** Whose devices may be found. */
  readonly reach: Reach;
  /** The idempotency key of the call, if it has one. */
  readonly key?: WriteKey | undefined;
}

/** A device, and what an update needs to decide. */
export interface FoundDevice extends WantedMac {
  readonly device: StoredDevice;
  /** The idempotency key of the call as it was used before; undefined when it was not, and when there is none. */
  readonly keptKey: KeptKey | undefined;
}

const LOOKUPS = `unnest(${unsizedIds('$1')}, $2::text[], $3::text[], $4::text[]`;
const DEVICE_AND_MAC = `lookup.place::integer AS place, ${DEVICE}, ${macHolder('lookup.id')}`;
const DEVICE_WITHIN_REACH = `JOIN network_device d ON d.id = ${reachedId('lookup.reach', 'lookup.customer_id', 'lookup.id')} ${DEVICE_JOINS}`;

const FIND_DEVICES = `SELECT ${DEVICE_AND_MAC}
  FROM ${LOOKUPS}) WITH ORDINALITY AS lookup(id, mac_address, reach, customer_id, place) ${DEVICE_WITHIN_REACH}`;

/** Devices with everything nested, in one statement: reads are what the gateway does most. */
const READ_DEVICES: Statement = {
  name: 'read-devices',
  text: FIND_DEVICES,
  onLostConnection: 'nothing-written',
};

/** The same with idempotency keys, which cost reads without one nothing. */
const READ_DEVICES_AND_KEYS: Statement = {
  name: 'read-devices-and-keys',
  text: `SELECT ${DEVICE_AND_MAC}, encode(k.args_digest, 'hex') AS kept_args_digest, k.object_id AS kept_object_id
    FROM ${LOOKUPS}, $5::text[]) WITH ORDINALITY AS lookup(id, mac_address, reach, customer_id, key_digest, place)
    ${DEVICE_WITHIN_REACH} LEFT JOIN idempotency_key k ON k.key_digest = decode(lookup.key_digest, 'hex')`,
  onLostConnection: 'nothing-written',
};

/** The same as the first with the rows locked until the end of the transaction. */
const LOCK_DEVICES: Statement = {
  name: 'lock-devices',
  text: `${FIND_DEVICES} FOR NO KEY UPDATE OF d`,
  onLostConnection: 'nothing-written',
};

/**
 * Devices by their ids, each within its own reach, with its customer and the customer's place in the tree.
 * @param lock whether to keep others from changing the rows; only of use inside a transaction
 * @returns same length and order; undefined where there is none within reach, an error where a row cannot be understood
 */
export async function readDevices(
  run: RunStatement,
  lookups: readonly DeviceLookup[],
  lock = false,
): Promise<readonly (FoundDevice | undefined | Error)[]> {
  const values = [
    lookups.map(({ id }) => id),
    lookups.map(({ macAddress }) => macAddress),
    lookups.map(({ reach }) => reach.kind),
    lookups.map(({ reach }) => customerOf(reach)),
  ];
  const rows = await readRows(run, lookups, values, lock);
  const found = new Map(rows.map((row) => [RowReader.of(row).int('place'), row]));
  return lookups.map((_, index) => {
    const row = found.get(index + 1);
    return row && toFoundDevice(row);
  });
}

async function readRows(
  run: RunStatement,
  lookups: readonly DeviceLookup[],
  values: readonly unknown[],
  lock: boolean,
): Promise<readonly RawRow[]> {
  if (lookups.every(({ key }) => key === undefined))
    return await run(lock ? LOCK_DEVICES : READ_DEVICES, values);
  // A statement that has waited for a lock sees the keys as they were before it waited.
  if (lock) await run(LOCK_DEVICES, values);
  return await run(READ_DEVICES_AND_KEYS, [...values, lookups.map(({ key }) => key?.keyDigest ?? null)]);
}

function toFoundDevice(raw: RawRow): FoundDevice | Error {
  const device = toStoredDevice(raw);
  if (device instanceof Error) return device;
  const row = RowReader.of(raw);
  const hasKey = 'kept_object_id' in raw && row.exists('kept_object_id');
  const keptKey = hasKey
    ? { argsDigest: row.text('kept_args_digest'), objectId: row.text('kept_object_id') }
    : undefined;
  return { device, ...toWantedMac(raw), keptKey };
}
