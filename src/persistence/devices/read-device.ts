import type { Reach } from '../../domain/reach.js';
import type { RawRow, RunStatement, Statement } from '../database/database.js';
import { DEVICE, DEVICE_JOINS, toStoredDevice } from '../rows/device-row.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import type { KeptKey, WriteKey } from '../idempotency/idempotency-keys.js';
import { customerOf, reachedId } from './reach.js';
import { macHolder, NO_WANTED_MAC, toWantedMac, type WantedMac } from './take-mac.js';
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
  /** The version with which other hardware came last; null for the first hardware. Not read, and null, where no MAC address is wanted. */
  readonly replacedVersion: number | null;
}

/** What some lookups want beside the device. The others pay nothing for it. */
interface Beside {
  /** What a lookup gives for it. */
  readonly given: string;
  readonly selected: string;
  readonly join: string;
}

/** Who has the MAC address that is wanted, and since when the device has its own. */
const MAC: Beside = {
  given: 'mac_address',
  selected: `${macHolder('lookup.id')}, d.replaced_version`,
  join: '',
};
/** The idempotency key as it was used before. */
const KEY: Beside = {
  given: 'key_digest',
  selected: `encode(k.args_digest, 'hex') AS kept_args_digest, k.object_id AS kept_object_id`,
  join: `LEFT JOIN idempotency_key k ON k.key_digest = decode(lookup.key_digest, 'hex')`,
};

/** Devices with everything nested, in one statement: reads are what the gateway does most. */
function findDevices(...beside: readonly Beside[]): string {
  const each = (text: (one: Beside, place: number) => string): string => beside.map(text).join('');
  return `SELECT lookup.place::integer AS place, ${DEVICE}${each(({ selected }) => `, ${selected}`)}
    FROM unnest(${unsizedIds('$1')}, $2::text[], $3::text[]${each((_, place) => `, $${place + 4}::text[]`)})
      WITH ORDINALITY AS lookup(id, reach, customer_id${each(({ given }) => `, ${given}`)}, place)
    JOIN network_device d ON d.id = ${reachedId('lookup.reach', 'lookup.customer_id', 'lookup.id')} ${DEVICE_JOINS}
    ${each(({ join }) => join)}`;
}

const reading = (name: string, text: string): Statement => ({
  name,
  text,
  onLostConnection: 'nothing-written',
});

const READ_DEVICES = reading('read-devices', findDevices());
const READ_AND_MACS = reading('read-devices-and-macs', findDevices(MAC));
const READ_AND_KEYS = reading('read-devices-and-keys', findDevices(KEY));
const READ_MACS_AND_KEYS = reading('read-devices-macs-and-keys', findDevices(MAC, KEY));

/** The rows are locked until the end of the transaction. */
const LOCK_DEVICES = reading('lock-devices', `${findDevices(MAC)} FOR NO KEY UPDATE OF d`);

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
  const rows = await readRows(run, lookups, lock);
  const found = new Map(rows.map((row) => [RowReader.of(row).int('place'), row]));
  return lookups.map((_, index) => {
    const row = found.get(index + 1);
    return row && toFoundDevice(row);
  });
}

async function readRows(
  run: RunStatement,
  lookups: readonly DeviceLookup[],
  lock: boolean,
): Promise<readonly RawRow[]> {
  const values = [
    lookups.map(({ id }) => id),
    lookups.map(({ reach }) => reach.kind),
    lookups.map(({ reach }) => customerOf(reach)),
  ];
  const macs = lookups.map(({ macAddress }) => macAddress);
  const keys = lookups.map(({ key }) => key?.keyDigest ?? null);
  const isAny = (wanted: readonly unknown[]): boolean => wanted.some((one) => one !== null);
  // A statement that has waited for a lock sees the keys as they were before it waited.
  const locked = lock ? await run(LOCK_DEVICES, [...values, macs]) : undefined;
  if (isAny(keys) && isAny(macs)) return await run(READ_MACS_AND_KEYS, [...values, macs, keys]);
  if (isAny(keys)) return await run(READ_AND_KEYS, [...values, keys]);
  if (locked !== undefined) return locked;
  return isAny(macs) ? await run(READ_AND_MACS, [...values, macs]) : await run(READ_DEVICES, values);
}

function toFoundDevice(raw: RawRow): FoundDevice | Error {
  const device = toStoredDevice(raw);
  if (device instanceof Error) return device;
  const row = RowReader.of(raw);
  const hasKey = 'kept_object_id' in raw && row.exists('kept_object_id');
  const keptKey = hasKey
    ? { argsDigest: row.text('kept_args_digest'), objectId: row.text('kept_object_id') }
    : undefined;
  if (!('mac_holder' in raw)) return { device, ...NO_WANTED_MAC, keptKey, replacedVersion: null };
  return { device, ...toWantedMac(raw), keptKey, replacedVersion: row.intOrNull('replaced_version') };
}
