-- A session keeps the plan of its first insert for a statement without parameters: after one device, 100,000 in one statement were
-- compared with each other. EXECUTE plans for as many rows as there are.
CREATE OR REPLACE FUNCTION "network_device_insert_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The lock waits for a move of the customer that is not committed, and keeps the next one waiting: reach follows both.
  EXECUTE 'INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT unnest(c."ancestor_ids"), d."id" FROM "added" d
    JOIN (SELECT "id", "ancestor_ids" FROM "customer" WHERE "id" IN (SELECT "customer_id" FROM "added") FOR SHARE) c
      ON c."id" = d."customer_id"';
  RETURN NULL;
END $$;
