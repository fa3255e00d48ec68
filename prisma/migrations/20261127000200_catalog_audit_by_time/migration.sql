-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "catalog_audit_at_idx" ON "catalog_audit" USING brin ("at");
