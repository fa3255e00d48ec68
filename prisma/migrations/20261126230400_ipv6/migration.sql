-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "device_status_ipv6_idx" ON "device_status" (lower("ipv6"));
