import type { Statement } from '../database/database.js';
import { isExpired, PRUNE_STEP, type Prunable } from '../database/pruner.js';

const pruneAudit = (table: string): Statement => ({
  name: `prune-${table.replaceAll('_', '-')}`,
  text: `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM ${table} WHERE ${isExpired('at')} LIMIT ${PRUNE_STEP} FOR UPDATE SKIP LOCKED))
    RETURNING 1 AS removed`,
  onLostConnection: 'unknown',
});

/** Entries of the audit trail, which are removed when their time is over. @param keepMs 0 keeps them for good */
export function expiringAudit(keepMs: number): readonly Prunable[] {
  return [
    { what: 'audit', keepMs, statement: pruneAudit('device_audit') },
    { what: 'audit', keepMs, statement: pruneAudit('catalog_audit') },
  ];
}

/** Values go, and the entries stay. */
const PRUNE_HISTORY: Statement = {
  name: 'prune-history',
  text: `UPDATE device_audit SET old_values = NULL WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM device_audit WHERE ${isExpired('at')} AND old_values IS NOT NULL
      LIMIT ${PRUNE_STEP} FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING 1 AS removed`,
  onLostConnection: 'unknown',
};

/** The old values of changes, which are removed when their time is over. @param keepMs 0 keeps them for good */
export function expiringHistory(keepMs: number): Prunable {
  return { what: 'history', keepMs, statement: PRUNE_HISTORY };
}
