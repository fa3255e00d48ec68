-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "provisioning_job_finished_at_idx" ON "provisioning_job" USING brin ("finished_at");
