import type { Statement } from '../database/database.js';
import { isExpired, PRUNE_STEP, type Prunable } from '../database/pruner.js';

const pruneAudit = (table: string, owner: string): Statement => ({
  name: `prune-${table.replaceAll('_', '-')}`,
  text: `DELETE FROM ${table} WHERE (${owner}, id) IN (
      SELECT ${owner}, id FROM ${table} WHERE ${isExpired('at')} LIMIT ${PRUNE_STEP} FOR UPDATE SKIP LOCKED)
    RETURNING 1 AS removed`,
  onLostConnection: 'unknown',
});

/** Entries of the audit trail, which are removed when their time is over. @param keepMs 0 keeps them for good */
export function expiringAudit(keepMs: number): readonly Prunable[] {
  return [
    { what: 'audit', keepMs, statement: pruneAudit('device_audit', 'device_id') },
    { what: 'audit', keepMs, statement: pruneAudit('catalog_audit', 'object_id') },
  ];
}

/** Values go, and the entries stay. */
const PRUNE_HISTORY: Statement = {
  name: 'prune-history',
  text: `UPDATE device_audit SET old_values = NULL WHERE (device_id, id) IN (
      SELECT device_id, id FROM device_audit WHERE ${isExpired('at')} AND old_values IS NOT NULL
      LIMIT ${PRUNE_STEP} FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING 1 AS removed`,
  onLostConnection: 'unknown',
};

/** The old values of changes, which are removed when their time is over. @param keepMs 0 keeps them for good */
export function expiringHistory(keepMs: number): Prunable {
  return { what: 'history', keepMs, statement: PRUNE_HISTORY };
}
