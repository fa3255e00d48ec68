import type { RawRow, RunStatement, Statement } from './database.js';
import { DEVICE, DEVICE_JOINS, type StoredDevice, toStoredDevice } from './device-row.js';
import { customerOf, type ListScope, reachedId } from './reach.js';
import { RowReader } from './row-reader.js';
import { unsizedIds } from './sql-builder.js';

/** A device that is wanted. */
export interface DeviceWish {
  readonly id: string;
  /** The MAC address that an update wants, in normal form; null when it wants none. */
  readonly macAddress: string | null;
  /** Whose devices may be found. */
  readonly scope: ListScope;
}

/** A device, and what an update needs to decide. */
export interface FoundDevice {
  readonly device: StoredDevice;
  /** Whether another device has the MAC address that is wanted. */
  readonly isMacTaken: boolean;
}

const FIND_DEVICES = `SELECT wish.place::integer AS place, ${DEVICE},
  EXISTS (SELECT FROM network_device o WHERE o.mac_address = wish.mac_address AND o.id <> wish.id) AS is_mac_taken
  FROM unnest(${unsizedIds('$1')}, $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
    AS wish(id, mac_address, scope, customer_id, place)
  JOIN network_device d ON d.id = ${reachedId('wish.scope', 'wish.customer_id', 'wish.id')} ${DEVICE_JOINS}`;

/** Devices with everything nested, in one statement: reads are what the gateway does most. */
const READ_DEVICES: Statement = {
  name: 'read-devices',
  text: FIND_DEVICES,
  onLostConnection: 'nothing-written',
};

/** The same with the rows locked until the end of the transaction. */
const LOCK_DEVICES: Statement = {
  name: 'lock-devices',
  text: `${FIND_DEVICES} FOR NO KEY UPDATE OF d`,
  onLostConnection: 'nothing-written',
};

/**
 * Devices by their ids, each within its own scope, with its customer and the customer's place in the tree.
 * @param lock whether to keep others from changing the rows; only of use inside a transaction
 * @returns same length and order; undefined where there is none within reach, an error where a row cannot be understood
 */
export async function readDevices(
  run: RunStatement,
  wishes: readonly DeviceWish[],
  lock = false,
): Promise<readonly (FoundDevice | undefined | Error)[]> {
  const values = [
    wishes.map(({ id }) => id),
    wishes.map(({ macAddress }) => macAddress),
    wishes.map(({ scope }) => scope.kind),
    wishes.map(({ scope }) => customerOf(scope)),
  ];
  const rows = await run(lock ? LOCK_DEVICES : READ_DEVICES, values);
  const found = new Map(rows.map((row) => [RowReader.of(row).int('place'), row]));
  return wishes.map((_, index) => {
    const row = found.get(index + 1);
    return row && toFoundDevice(row);
  });
}

function toFoundDevice(row: RawRow): FoundDevice | Error {
  const device = toStoredDevice(row);
  return device instanceof Error ? device : { device, isMacTaken: RowReader.of(row).flag('is_mac_taken') };
}
