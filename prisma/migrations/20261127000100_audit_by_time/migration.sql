-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "device_audit_at_idx" ON "device_audit" USING brin ("at");
