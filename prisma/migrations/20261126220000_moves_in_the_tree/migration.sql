-- A customer that moves takes everything below along, in a few statements for each level of the tree and not in some for each
-- customer: a reseller with 10,000 customers moves within seconds, and nobody's update waits for it.

-- A row of device_reach locked its device against a change of the MAC address until it was committed. Triggers keep the table.
ALTER TABLE "device_reach" DROP CONSTRAINT "device_reach_ancestor_id_fkey";
ALTER TABLE "device_reach" DROP CONSTRAINT "device_reach_device_id_fkey";

CREATE FUNCTION "network_device_delete_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "device_reach" r USING "gone" WHERE r."device_id" = "gone"."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_delete_reach" AFTER DELETE ON "network_device"
  REFERENCING OLD TABLE AS "gone" FOR EACH STATEMENT EXECUTE FUNCTION "network_device_delete_reach"();

-- The lock waits for a move of the customer that is not committed, and keeps the next one waiting: reach follows both.
CREATE OR REPLACE FUNCTION "network_device_insert_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT unnest(c."ancestor_ids"), d."id" FROM "added" d
    JOIN (SELECT "id", "ancestor_ids" FROM "customer" WHERE "id" IN (SELECT "customer_id" FROM "added") FOR SHARE) c
      ON c."id" = d."customer_id";
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "network_device_move_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "device_reach" WHERE "device_id" = NEW."id";
  INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT unnest(c."ancestor_ids"), NEW."id"
    FROM (SELECT "ancestor_ids" FROM "customer" WHERE "id" = NEW."customer_id" FOR SHARE) c;
  RETURN NULL;
END $$;

-- The place of one customer, by its reseller's. Where both come in one statement, and for what is below, customer_move_below
-- has the last word.
CREATE OR REPLACE FUNCTION "customer_set_ancestors"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_trigger_depth() > 1 THEN
    RETURN NEW;
  END IF;
  NEW."ancestor_ids" := ARRAY[NEW."id"];
  IF NEW."parent_reseller_id" IS NOT NULL THEN
    -- The lock keeps the reseller from being moved until this row is committed. One that is not there is left to the foreign key.
    SELECT "ancestor_ids" || NEW."id" INTO NEW."ancestor_ids"
      FROM "customer" WHERE "id" = NEW."parent_reseller_id" AND "id" <> NEW."id" FOR SHARE;
    NEW."ancestor_ids" := coalesce(NEW."ancestor_ids", ARRAY[NEW."id"]);
  END IF;
  RETURN NEW;
END $$;

DROP TRIGGER "customer_move_children" ON "customer";
DROP FUNCTION "customer_move_children"();
DROP TRIGGER "customer_move_reach" ON "customer";
DROP FUNCTION "customer_move_reach"();

-- Puts customers and everything below into their places, and their devices within the reach of those above.
CREATE FUNCTION "customer_place"("moved" text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  "ring" text;
  "level" text[];
  "placed" text[] := '{}';
BEGIN
  -- Up from each of them: it may not come back to where it was.
  WITH RECURSIVE "way" AS (
    SELECT "id", "parent_reseller_id" AS "next", ARRAY["id"] AS "passed" FROM "customer" WHERE "id" = ANY ("moved")
    UNION ALL
    SELECT w."id", p."parent_reseller_id", w."passed" || p."id"
      FROM "way" w JOIN "customer" p ON p."id" = w."next" WHERE NOT p."id" = ANY (w."passed")
  ), "top" AS (
    SELECT w."id" FROM "way" w GROUP BY w."id"
      HAVING NOT bool_or(w."passed"[cardinality(w."passed")] <> w."id" AND w."passed"[cardinality(w."passed")] = ANY ("moved"))
  )
  SELECT (SELECT min("id") FROM "way" WHERE "next" = ANY ("passed")), (SELECT array_agg("id") FROM "top")
    INTO "ring", "level";
  IF "ring" IS NOT NULL THEN
    RAISE EXCEPTION 'customer % cannot be below itself in the reseller tree', "ring"
      USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_tree_check';
  END IF;
  -- Down from those that have none of them above. Each level sees what was committed while the one before waited for its locks.
  UPDATE "customer" c SET "ancestor_ids" = ARRAY[c."id"] WHERE c."id" = ANY ("level") AND c."parent_reseller_id" IS NULL;
  UPDATE "customer" c SET "ancestor_ids" = p."ancestor_ids" || c."id"
    FROM "customer" p WHERE c."id" = ANY ("level") AND p."id" = c."parent_reseller_id";
  WHILE "level" IS NOT NULL LOOP
    "placed" := "placed" || "level";
    WITH "below" AS (
      UPDATE "customer" c SET "ancestor_ids" = p."ancestor_ids" || c."id"
        FROM "customer" p WHERE p."id" = ANY ("level") AND c."parent_reseller_id" = p."id" RETURNING c."id"
    ) SELECT array_agg("id") INTO "level" FROM "below";
  END LOOP;
  DELETE FROM "device_reach" r USING "customer" c JOIN "network_device" d ON d."customer_id" = c."id"
    WHERE c."id" = ANY ("placed") AND r."device_id" = d."id" AND NOT r."ancestor_id" = ANY (c."ancestor_ids");
  INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT a."id", d."id" FROM "customer" c JOIN "network_device" d ON d."customer_id" = c."id"
    CROSS JOIN unnest(c."ancestor_ids") AS a("id") WHERE c."id" = ANY ("placed")
    ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION "customer_move_below"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "moved" text[];
BEGIN
  SELECT array_agg("id") INTO "moved"
    FROM (SELECT "id", "parent_reseller_id" FROM "now" EXCEPT SELECT "id", "parent_reseller_id" FROM "was") n;
  IF "moved" IS NOT NULL THEN
    PERFORM "customer_place"("moved");
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER "customer_move_below" AFTER UPDATE ON "customer"
  REFERENCING OLD TABLE AS "was" NEW TABLE AS "now" FOR EACH STATEMENT
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION "customer_move_below"();

CREATE FUNCTION "customer_insert_below"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "misplaced" text[];
BEGIN
  SELECT array_agg(n."id") INTO "misplaced" FROM "now" n LEFT JOIN "customer" p ON p."id" = n."parent_reseller_id"
    WHERE n."ancestor_ids" IS DISTINCT FROM p."ancestor_ids" || n."id";
  IF "misplaced" IS NOT NULL THEN
    PERFORM "customer_place"("misplaced");
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER "customer_insert_below" AFTER INSERT ON "customer"
  REFERENCING NEW TABLE AS "now" FOR EACH STATEMENT EXECUTE FUNCTION "customer_insert_below"();
