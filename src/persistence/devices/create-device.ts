import type { IfHeld } from '../database/sql-builder.js';
import { isReached } from './reach.js';
import { SETTINGS_COLUMNS } from '../rows/settings-columns.js';
import { takeMac } from './take-mac.js';
import type { WriteRows } from './write-device.js';

/** A new row of `w`: `waitsFor` is the device whose end its job waits for. */
const insertFrom = (waitsFor: string): string => `
    INSERT INTO network_device (id, customer_id, model_id, version, created_at, updated_at,
      state, jobs, provisioned, running_job_id, waits_for_device_id, ${SETTINGS_COLUMNS.join(', ')})
    SELECT (w.device).id, d.customer_id, (w.device).model_id, (w.device).version, (w.device).updated_at, (w.device).updated_at,
      CASE WHEN w.needs_job THEN 'PROVISIONING' ELSE 'ACTIVE' END::device_state, w.needs_job::integer,
      CASE WHEN w.needs_job THEN false END,
      CASE WHEN w.needs_job AND w.lease IS NOT NULL AND ${waitsFor} IS NULL THEN nextval('provisioning_job_id_seq') END,
      ${waitsFor}, ${SETTINGS_COLUMNS.map((column) => `(w.device).${column}`).join(', ')}`;

const held = (ifHeld: IfHeld): string => `held AS (
    SELECT w.* FROM requested w JOIN customer c ON c.id = (w.device).customer_id
    FOR NO KEY UPDATE OF c ${ifHeld}
  )`;

const ITS_CUSTOMER = 'CROSS JOIN LATERAL (SELECT (w.device).customer_id) d';
const MAY_BE_CREATED = `${isReached('w.reach', 'w.customer_id')} AND NOT customer_is_full(d.customer_id, w.device_limit)`;

const WRITTEN = `written AS (
    SELECT d.id, d.customer_id AS owner_id, d.version, d.state::text AS state, d.jobs, d.provisioned, d.waits_for_device_id IS NOT NULL AS waits,
      w.*, d.running_job_id AS started_id
    FROM inserted d JOIN held w ON (w.device).id = d.id
  )`;

/**
 * Creates devices, each decided by itself. It locks the customer, and counts its devices under that lock: two at
 * once do not pass the limit together. Reach is checked as it stands then, as for an update.
 */
export const CREATE_DEVICE: WriteRows = (ifHeld) => `${held(ifHeld)}, inserted AS (${insertFrom('NULL::text')}
    FROM held w ${ITS_CUSTOMER} WHERE ${MAY_BE_CREATED}
    RETURNING *
  ), ${WRITTEN}`;

/** The same for devices that take the MAC address of one that is being deleted; only for one write at a time. */
export const CREATE_DEVICE_TAKING_MAC: WriteRows = () => `${held('')}, decided AS (
    SELECT w.*, ${MAY_BE_CREATED} AS fits FROM held w ${ITS_CUSTOMER}
  ), ${takeMac('decided')}, inserted AS (${insertFrom('v.device_id')}
    FROM decided w LEFT JOIN waits v USING (place) ${ITS_CUSTOMER} WHERE w.fits
    RETURNING *
  ), ${WRITTEN}`;
