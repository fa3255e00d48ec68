import { hash } from 'node:crypto';
import type { DeviceAction } from '../../domain/device-history.js';
import { isOwnRequestId } from '../../domain/request-id.js';
import type { ColumnValue } from './fields.js';

/** On whose behalf a device is changed, and what of it; it goes into the audit trail with the change. */
export interface AuditEntry {
  readonly action: DeviceAction;
  /** Dotted paths; names only, never values. */
  readonly paths: readonly string[];
  readonly subject: string;
  readonly accessLevel: string | null;
  readonly requestId: string;
  /** Of a REVERT: the version that it goes back to. */
  readonly revertedTo?: number;
}

/**
 * The columns of `device_audit` that an entry fills.
 * @param oldValues undefined for a write that makes no new version
 */
export function auditColumns(
  { action, revertedTo, ...entry }: AuditEntry,
  oldValues: Readonly<Record<string, ColumnValue>> | undefined,
): object {
  return { ...entryColumns(entry), action, old_values: oldValues, reverted_to: revertedTo };
}

function entryColumns({ paths, subject, accessLevel, requestId }: Omit<AuditEntry, 'action'>): object {
  const auditedId = auditedRequestId(requestId, subject);
  return { paths, subject, access_level: accessLevel, request_id: auditedId };
}

/**
 * The id of a request as the audit trail has it. One that its client chose ends in a mark of its subject, so that nobody can
 * write under the id of another's request.
 */
function auditedRequestId(requestId: string, subject: string): string {
  if (isOwnRequestId(requestId)) return requestId;
  return `${requestId}.${hash('sha256', subject, 'base64url').slice(0, SUBJECT_MARK_LENGTH)}`;
}

/** 66 bits. */
const SUBJECT_MARK_LENGTH = 11;

/** On whose behalf a device model or a customer is changed, and what of it. */
export interface CatalogAuditEntry extends Omit<AuditEntry, 'action'> {
  readonly objectType: 'DEVICE_MODEL' | 'CUSTOMER';
  readonly action: 'CREATE' | 'UPDATE' | 'DELETE' | 'SYNC';
}

/** The columns of `catalog_audit` that an entry fills. */
export function catalogAuditColumns({ objectType, action, ...entry }: CatalogAuditEntry): object {
  return { ...entryColumns(entry), action, object_type: objectType };
}

/**
 * The part of a statement that audits what it has made of a device model or customer as `written`.
 * @param entry an expression for the entry as JSON
 */
export const auditCatalog = (entry: string): string => `audited AS (
    INSERT INTO catalog_audit (object_type, object_id, action, paths, subject, access_level, request_id)
    SELECT e.object_type, written.id, e.action, e.paths, e.subject, e.access_level, e.request_id
    FROM written, jsonb_populate_record(NULL::catalog_audit, ${entry}::jsonb) e
  )`;

/** The part of a statement that audits the changes that it has made as `written`, whose `audit` is a row of `device_audit`. */
export const AUDIT_CHANGE = `audited AS (
    INSERT INTO device_audit (device_id, version, action, paths, subject, access_level, request_id, customer_id, old_values, reverted_to)
    SELECT id, version, (audit).action, (audit).paths, (audit).subject, (audit).access_level, (audit).request_id,
      owner_id, (audit).old_values, (audit).reverted_to FROM written
  )`;
