-- Alone in its migration: nothing that is built CONCURRENTLY may be part of a transaction.
CREATE INDEX CONCURRENTLY "network_device_search_key_idx" ON "network_device" USING gin (
  "search_key"("search_fold"("name" || chr(1) || "mac_address" || chr(1) || coalesce("serial_number", ''))) gin_trgm_ops
);
