/** On whose behalf a device is changed, and what of it; it goes into the audit trail with the change. */
export interface AuditEntry {
  readonly action: 'updateNetworkDevice' | 'retryProvisioning';
  /** Dotted paths; names only, never values. */
  readonly paths: readonly string[];
  readonly subject: string;
  readonly accessLevel: string | null;
  readonly requestId: string;
}

/** The columns of `device_audit` that an entry fills. */
export function auditColumns({ action, paths, subject, accessLevel, requestId }: AuditEntry): object {
  return { action, paths, subject, access_level: accessLevel, request_id: requestId };
}

/** The part of a statement that audits the changes that it has made as `written`, whose `audit` is a row of `device_audit`. */
export const AUDIT_CHANGE = `audited AS (
    INSERT INTO device_audit (device_id, version, action, paths, subject, access_level, request_id)
    SELECT id, version, (audit).action, (audit).paths, (audit).subject, (audit).access_level, (audit).request_id FROM written
  )`;
