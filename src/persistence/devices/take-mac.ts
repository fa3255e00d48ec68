import { RowReader } from '../database/row-reader.js';
import type { RawRow } from '../database/database.js';
import { isReached } from './reach.js';

// A device that is being deleted gives its MAC address to whoever may update it. If nothing is being sent to it, it is gone then;
// else it ends with that job, keeps a placeholder till then, and the jobs of the other one wait for its end.

/**
 * A column that says who has the MAC address of a row `lookup`, but for the device with an id: `deleting`, one that gives it up,
 * `taken`, one that does not, or null, nobody.
 */
export const macHolder = (id: string): string => `(
    SELECT CASE WHEN o.state = 'DELETING' AND ${isReached('lookup.reach', 'lookup.customer_id', 'o')} THEN 'deleting' ELSE 'taken' END
    FROM network_device o WHERE o.mac_address = lookup.mac_address AND o.id IS DISTINCT FROM ${id}) AS mac_holder`;

/** What a read says of the MAC address that is wanted. */
export interface WantedMac {
  /** Whether another device has it and does not give it up. */
  readonly isMacTaken: boolean;
  /** Whether another device gives it up for this one. */
  readonly takesMac: boolean;
}

/** What a read says that no MAC address is wanted of. */
export const NO_WANTED_MAC: WantedMac = { isMacTaken: false, takesMac: false };

/** Reads the column of `macHolder`. */
export function toWantedMac(raw: RawRow): WantedMac {
  const holder = RowReader.of(raw).textOrNull('mac_holder');
  return { isMacTaken: holder === 'taken', takesMac: holder === 'deleting' };
}

/**
 * Queries that take the MAC addresses of rows `w` from the devices that give them up, before those are written: `waits` holds for
 * each place the device whose end the jobs of the new one wait for, if there is one.
 * A placeholder is no unicast address, so it is nobody's.
 * @param rows the query of rows that are going to be written for sure
 */
export const takeMac = (rows: string): string => `taken AS (
    SELECT o.id, o.running_job_id, o.waits_for_device_id, w.place FROM ${rows} w
    JOIN network_device o ON o.mac_address = (w.device).mac_address AND o.id <> (w.device).id
    WHERE w.fits AND o.state = 'DELETING' AND ${isReached('w.reach', 'w.customer_id', 'o')}
    FOR UPDATE OF o
  ), freed AS (
    DELETE FROM network_device o USING taken WHERE o.id = taken.id AND taken.running_job_id IS NULL
    RETURNING o.id, o.customer_id, o.version
  ), given_up AS (
    UPDATE network_device o SET mac_address = '01' || left(md5(o.id), 10), shown_mac_address = o.mac_address, has_open_removal = true
    FROM taken WHERE o.id = taken.id AND taken.running_job_id IS NOT NULL RETURNING o.id
  ), ended_with_it AS (
    INSERT INTO device_change (device_id, gone_customer_id, gone_version) SELECT id, customer_id, version FROM freed
  ), waits AS (
    SELECT place, CASE WHEN running_job_id IS NULL THEN waits_for_device_id ELSE id END AS device_id FROM taken
    WHERE (SELECT count(*) FROM freed) + (SELECT count(*) FROM given_up) >= 0
  )`;
