import type { Viewer } from '../access/viewer.js';
import type { AuditEntry } from '../persistence/rows/audit.js';

/** What the audit trail says of who does something, and by which request. */
export function auditedBy(
  { subject, level }: Viewer,
  { requestId }: Pick<AuditEntry, 'requestId'>,
): Pick<AuditEntry, 'subject' | 'accessLevel' | 'requestId'> {
  return { subject, accessLevel: level, requestId };
}
