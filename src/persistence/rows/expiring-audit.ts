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
