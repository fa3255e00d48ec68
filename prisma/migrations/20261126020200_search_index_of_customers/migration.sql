CREATE INDEX CONCURRENTLY "customer_search_key_idx" ON "customer" USING gin (
  "search_key"("search_fold"("name")) gin_trgm_ops
);
