import type { Statement } from '../database/database.js';
import { isExpired, PRUNE_STEP, type Prunable } from '../database/pruner.js';

/** The newest job of a device stays, whatever its age: it says what became of the device's settings. */
const PRUNE_JOBS: Statement = {
  name: 'prune-provisioning-jobs',
  text: `DELETE FROM provisioning_job WHERE ctid = ANY(ARRAY(
      SELECT j.ctid FROM provisioning_job j WHERE ${isExpired('j.finished_at')}
        AND j.state IN ('APPLIED', 'FAILED', 'SUPERSEDED')
        AND EXISTS (SELECT FROM provisioning_job later WHERE later.device_id = j.device_id AND later.id > j.id)
      LIMIT ${PRUNE_STEP} FOR UPDATE SKIP LOCKED))
    RETURNING 1 AS removed`,
  onLostConnection: 'unknown',
};

/** Jobs that ended, which are removed when their time is over. @param keepMs 0 keeps them for good */
export function expiringJobs(keepMs: number): Prunable {
  return { what: 'jobs', keepMs, statement: PRUNE_JOBS };
}
