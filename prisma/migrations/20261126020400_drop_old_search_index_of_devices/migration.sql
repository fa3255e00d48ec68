-- The build before finds the same without it, and slower for as long as it still runs.
DROP INDEX CONCURRENTLY IF EXISTS "network_device_search_idx";
