-- Devices that are not known to be provisioned and have no job that will do it. An index on "provisioned" would be written with each
-- job; here only what lasts is noted: a job that failed, and a device that came without one.
CREATE TABLE "unprovisioned_device" (
    "device_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "unprovisioned_device_pkey" PRIMARY KEY ("device_id")
);

CREATE FUNCTION "network_device_insert_lacks"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "unreported_device" ("device_id") SELECT "id" FROM "added" ON CONFLICT DO NOTHING;
  INSERT INTO "unprovisioned_device" ("device_id")
    SELECT "id" FROM "added" WHERE "provisioned" IS NOT TRUE AND "state" <> 'PROVISIONING' ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_insert_lacks" AFTER INSERT ON "network_device"
  REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "network_device_insert_lacks"();

CREATE FUNCTION "network_device_change_lacks"() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF NEW."provisioned" IS NOT TRUE AND NEW."state" <> 'PROVISIONING' THEN
    INSERT INTO "unprovisioned_device" ("device_id") VALUES (NEW."id") ON CONFLICT DO NOTHING;
  ELSE
    DELETE FROM "unprovisioned_device" WHERE "device_id" = NEW."id";
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_change_lacks" AFTER UPDATE ON "network_device" FOR EACH ROW
  WHEN ((OLD."provisioned" IS NOT TRUE AND OLD."state" <> 'PROVISIONING')
    <> (NEW."provisioned" IS NOT TRUE AND NEW."state" <> 'PROVISIONING'))
  EXECUTE FUNCTION "network_device_change_lacks"();

CREATE FUNCTION "network_device_delete_lacks"() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  DELETE FROM "unreported_device" WHERE "device_id" = OLD."id";
  DELETE FROM "unprovisioned_device" WHERE "device_id" = OLD."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_delete_lacks" AFTER DELETE ON "network_device"
  FOR EACH ROW EXECUTE FUNCTION "network_device_delete_lacks"();
