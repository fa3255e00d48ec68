import { startedIfFree, WRITTEN_COLUMNS } from '../jobs/queue-job.js';
import { heldRows, isHeldInReach } from './held-rows.js';
import type { WriteRows } from './write-device.js';

/** Starts to delete devices, each decided by itself: its removal is queued in place of a job that waits. */
export const DELETE_DEVICE: WriteRows = (ifHeld) => `${heldRows(ifHeld)}, written AS (
    UPDATE network_device d SET state = 'DELETING', has_open_removal = true,
      version = (w.device).version, updated_at = (w.device).updated_at,
      jobs = 1 + (d.running_job_id IS NOT NULL)::integer, ${startedIfFree()}
    FROM held w WHERE d.id = (w.device).id AND d.version = w.base_version AND NOT d.has_open_removal
      AND ${isHeldInReach(ifHeld)}
    RETURNING ${WRITTEN_COLUMNS}, CASE WHEN d.jobs = 1 THEN d.running_job_id END AS started_id
  )`;

/** Ends devices at once: settings, status and jobs go with the row, the audit trail stays. Nobody can end a job of it any more. */
export const END_DEVICE: WriteRows = (ifHeld) => `${heldRows(ifHeld)}, written AS (
    DELETE FROM network_device d USING held w WHERE d.id = (w.device).id AND d.version = w.base_version
      AND ${isHeldInReach(ifHeld)}
    RETURNING d.id, d.customer_id AS owner_id, (w.device).version, 'DELETING' AS state, 0 AS jobs, d.provisioned, false AS waits,
      w.place, w.needs_job, w.lease, w.lease_ms, w.audit, w.key, NULL::bigint AS started_id
  ), gone AS (
    INSERT INTO device_change (device_id, gone_customer_id, gone_version) SELECT id, owner_id, version FROM written
  )`;
