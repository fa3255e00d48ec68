import type { Statement, RunStatement } from './database.js';
import { DEVICE, DEVICE_TABLES, type StoredDevice, toStoredDevice } from './device-row.js';
import { RowReader } from './row-reader.js';

/** One device with everything nested, in one statement: reads are what the gateway does most. */
const READ_DEVICE: Statement = {
  name: 'read-device',
  text: `SELECT ${DEVICE} FROM ${DEVICE_TABLES} WHERE d.id = $1`,
  kind: 'read',
};

const FOR_UPDATE = `SELECT ${DEVICE},
  EXISTS (SELECT FROM network_device o WHERE o.mac_address = $2 AND o.id <> $1) AS is_mac_taken
  FROM ${DEVICE_TABLES} WHERE d.id = $1`;

/** All that the decision about an update needs, in the same one statement. */
const READ_DEVICE_FOR_UPDATE: Statement = {
  name: 'read-device-for-update',
  text: FOR_UPDATE,
  kind: 'read',
};

/** The same with the row locked until the end of the transaction. */
const LOCK_DEVICE_FOR_UPDATE: Statement = {
  name: 'lock-device-for-update',
  text: `${FOR_UPDATE} FOR NO KEY UPDATE OF d`,
  kind: 'read',
};

/** The device of this id, or undefined when there is none. */
export async function readDevice(run: RunStatement, id: string): Promise<StoredDevice | undefined> {
  const [row] = await run(READ_DEVICE, [id]);
  return row && toStoredDevice(row);
}

/** A device that is about to be updated. */
export interface DeviceForUpdate {
  readonly device: StoredDevice;
  /** Whether another device has the MAC address that the update wants. */
  readonly isMacTaken: boolean;
}

/**
 * Reads what an update needs to decide.
 * @param macAddress the MAC address that the update wants, in normal form; null when it wants none
 * @param lock whether to keep others from changing the row; only of use inside a transaction
 */
export async function readDeviceForUpdate(
  run: RunStatement,
  id: string,
  macAddress: string | null,
  lock = false,
): Promise<DeviceForUpdate | undefined> {
  const [row] = await run(lock ? LOCK_DEVICE_FOR_UPDATE : READ_DEVICE_FOR_UPDATE, [id, macAddress]);
  return row && { device: toStoredDevice(row), isMacTaken: RowReader.of(row).flag('is_mac_taken') };
}
