-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "provisioning_job_failed_idx" ON "provisioning_job" ("device_id") WHERE ("state" = 'FAILED');
