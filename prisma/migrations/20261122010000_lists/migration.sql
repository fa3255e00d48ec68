-- What lists are read from: the devices below each customer, and an index for each filter, all in order of id.

-- DropIndex
DROP INDEX "network_device_model_id_idx";

-- CreateTable
CREATE TABLE "device_reach" (
    "ancestor_id" TEXT COLLATE "C" NOT NULL,
    "device_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "device_reach_pkey" PRIMARY KEY ("ancestor_id","device_id")
);

-- CreateIndex
CREATE INDEX "device_reach_device_id_idx" ON "device_reach"("device_id");

-- CreateIndex
CREATE INDEX "network_device_model_id_id_idx" ON "network_device"("model_id", "id");

-- CreateIndex
CREATE INDEX "network_device_state_id_idx" ON "network_device"("state", "id");

-- CreateIndex
CREATE INDEX "device_status_online_device_id_idx" ON "device_status"("online", "device_id");

-- CreateIndex
CREATE INDEX "device_status_sim_status_code_device_id_idx" ON "device_status"("sim_status_code", "device_id");

-- AddForeignKey
ALTER TABLE "device_reach" ADD CONSTRAINT "device_reach_ancestor_id_fkey" FOREIGN KEY ("ancestor_id") REFERENCES "customer"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "device_reach" ADD CONSTRAINT "device_reach_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "network_device"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Search finds a part of a text wherever it stands.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE INDEX "network_device_search_idx" ON "network_device"
  USING gin (lower("name" || chr(1) || "mac_address" || chr(1) || coalesce("serial_number", '')) gin_trgm_ops);

CREATE INDEX "customer_search_idx" ON "customer" USING gin (lower("name") gin_trgm_ops);

-- Customers below a customer.
CREATE INDEX "customer_ancestor_ids_idx" ON "customer" USING gin ("ancestor_ids");

-- Devices get their reach when they are inserted, move to another customer, or their customer moves in the tree.
CREATE FUNCTION "network_device_insert_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT unnest(c."ancestor_ids"), d."id" FROM "added" d JOIN "customer" c ON c."id" = d."customer_id";
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_insert_reach" AFTER INSERT ON "network_device"
  REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "network_device_insert_reach"();

CREATE FUNCTION "network_device_move_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "device_reach" WHERE "device_id" = NEW."id";
  INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT unnest(c."ancestor_ids"), NEW."id" FROM "customer" c WHERE c."id" = NEW."customer_id";
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_move_reach" AFTER UPDATE OF "customer_id" ON "network_device"
  FOR EACH ROW WHEN (OLD."customer_id" IS DISTINCT FROM NEW."customer_id")
  EXECUTE FUNCTION "network_device_move_reach"();

CREATE FUNCTION "customer_move_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "device_reach" r USING "network_device" d
    WHERE d."customer_id" = NEW."id" AND r."device_id" = d."id" AND NOT r."ancestor_id" = ANY (NEW."ancestor_ids");
  INSERT INTO "device_reach" ("ancestor_id", "device_id")
    SELECT a.id, d."id" FROM "network_device" d CROSS JOIN unnest(NEW."ancestor_ids") AS a(id)
    WHERE d."customer_id" = NEW."id"
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER "customer_move_reach" AFTER UPDATE OF "ancestor_ids", "parent_reseller_id" ON "customer"
  FOR EACH ROW WHEN (OLD."ancestor_ids" IS DISTINCT FROM NEW."ancestor_ids")
  EXECUTE FUNCTION "customer_move_reach"();

-- The devices that are there already.
INSERT INTO "device_reach" ("ancestor_id", "device_id")
  SELECT unnest(c."ancestor_ids"), d."id" FROM "network_device" d JOIN "customer" c ON c."id" = d."customer_id";
