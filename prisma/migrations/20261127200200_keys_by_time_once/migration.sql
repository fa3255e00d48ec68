DROP INDEX "idempotency_key_created_at_idx";
ALTER INDEX "idempotency_key_created_at_brin" RENAME TO "idempotency_key_created_at_idx";
