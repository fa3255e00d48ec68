import { provisionedAnewIf, startedIfFree, WRITTEN_COLUMNS } from '../jobs/queue-job.js';
import { heldRows, isHeldInReach } from './held-rows.js';
import { isReached } from './reach.js';
import { STATUS_COLUMNS } from '../rows/fields.js';
import { SETTINGS_COLUMNS } from '../rows/settings-columns.js';
import { takeMac } from './take-mac.js';
import type { WriteRows } from './write-device.js';

const SETTINGS = SETTINGS_COLUMNS.map((column) => `${column} = (w.device).${column}`).join(', ');

/** What every change of a row `d` sets. @param more further columns */
const changed = (more: string): string => `${SETTINGS}, ${more}
      version = (w.device).version, updated_at = (w.device).updated_at, ${provisionedAnewIf('w.needs_job')}`;

const STARTED_ID = 'CASE WHEN w.needs_job AND d.jobs = 1 THEN d.running_job_id END AS started_id';

/**
 * Changes devices, each decided by itself. It compares `version`, so it cannot overwrite what somebody else wrote
 * in between; the state, which others change without a new version, so it cannot change a device that is being deleted; and
 * reach, so it cannot change a device that went to somebody else. The whole aggregate is one row, so it cannot tear either.
 * `jobs` is 1 only if no job ran before.
 */
const changing =
  (more = ''): WriteRows =>
  (ifHeld) =>
    `${heldRows(ifHeld)}, written AS (
    UPDATE network_device d SET ${changed(more)}, ${startedIfFree()}
    FROM held w WHERE d.id = (w.device).id AND d.version = w.base_version AND d.state <> 'DELETING'
      AND ${isHeldInReach(ifHeld)}
    RETURNING ${WRITTEN_COLUMNS}, ${STARTED_ID}
  )`;

/** The same for devices that take the MAC address of one that is being deleted; only for one write at a time. */
const changingWithMac =
  (more = ''): WriteRows =>
  () =>
    `held AS (
    SELECT w.*, d.version = w.base_version AND d.state <> 'DELETING' AND ${isReached('w.reach', 'w.customer_id')} AS fits
    FROM requested w JOIN network_device d ON d.id = (w.device).id
    FOR NO KEY UPDATE OF d
  ), ${takeMac('held')}, written AS (
    UPDATE network_device d SET ${changed(more)}, ${startedIfFree('coalesce(v.device_id, d.waits_for_device_id)')},
      waits_for_device_id = coalesce(v.device_id, d.waits_for_device_id)
    FROM held w LEFT JOIN waits v USING (place) WHERE w.fits AND d.id = (w.device).id
      AND ${isReached('w.reach', 'w.customer_id')}
    RETURNING ${WRITTEN_COLUMNS}, ${STARTED_ID}
  )`;

export const UPDATE_DEVICE = changing();
export const UPDATE_DEVICE_TAKING_MAC = changingWithMac();

/** Other hardware: its model, and when it came. Nothing is known of it, and what is reported of a moment before is of the old one. */
const replacing =
  (rows: WriteRows): WriteRows =>
  (ifHeld) =>
    `${rows(ifHeld)}, forgotten AS (
    INSERT INTO device_status AS s (device_id, not_before) SELECT id, now() FROM written
    ON CONFLICT (device_id) DO UPDATE SET ${[...STATUS_COLUMNS.values()].map((column) => `${column} = NULL`).join(', ')}, not_before = now()
  )`;
const NEW_HARDWARE =
  'model_id = (w.device).model_id, replaced_at = now(), replaced_version = (w.device).version,';

export const REPLACE_DEVICE = replacing(changing(NEW_HARDWARE));
export const REPLACE_DEVICE_TAKING_MAC = replacing(changingWithMac(NEW_HARDWARE));
