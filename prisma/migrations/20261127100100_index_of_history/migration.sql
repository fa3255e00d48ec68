-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "device_audit_history" ON "device_audit"("device_id", "version") WHERE "old_values" IS NOT NULL;
