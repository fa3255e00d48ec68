/** On whose behalf a device is changed, and what of it; it goes into the audit trail with the change. */
export interface AuditEntry {
  readonly action: 'updateNetworkDevice' | 'retryProvisioning';
  /** Dotted paths; names only, never values. */
  readonly paths: readonly string[];
  readonly subject: string;
  readonly accessLevel: string | null;
  readonly requestId: string;
}

/**
 * The part of a statement that audits the change of the device that it has updated as `written`.
 * @param first the number of the first of its parameters, which `auditValues` gives
 */
export function auditPart(first: number): string {
  const values = [0, 1, 2, 3, 4].map((index) => `$${first + index}`);
  return `audited AS (
    INSERT INTO device_audit (device_id, version, action, paths, subject, access_level, request_id)
    SELECT id, version, ${values.join(', ')} FROM written
  )`;
}

/** The parameters of `auditPart`, in their order. */
export function auditValues({
  action,
  paths,
  subject,
  accessLevel,
  requestId,
}: AuditEntry): readonly unknown[] {
  return [action, paths, subject, accessLevel, requestId];
}
