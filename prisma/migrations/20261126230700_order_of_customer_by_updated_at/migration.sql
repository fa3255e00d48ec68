-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "network_device_customer_id_updated_at_id_idx" ON "network_device" ("customer_id", "updated_at", "id");
