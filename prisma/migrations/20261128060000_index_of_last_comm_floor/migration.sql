-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "device_status_last_comm_floor_idx" ON "device_status" ("last_comm_floor");
