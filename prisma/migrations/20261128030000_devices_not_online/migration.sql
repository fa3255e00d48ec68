-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "device_status_not_online" ON "device_status" ("device_id") WHERE "online" IS NOT TRUE;
