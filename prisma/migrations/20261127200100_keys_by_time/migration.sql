-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
-- Keys come in order of time, so that a block range index finds the old ones and costs next to nothing for a new one.
CREATE INDEX CONCURRENTLY "idempotency_key_created_at_brin" ON "idempotency_key" USING brin ("created_at");
