-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "network_device_mvno_account" ON "network_device" ("id") WHERE "mvno_account" IS NOT NULL;
