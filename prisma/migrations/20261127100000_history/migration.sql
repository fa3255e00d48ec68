-- Old values with each change, so that it can be shown and undone. Entries from before, and those of the build before, have none.
ALTER TABLE "device_audit"
  ADD COLUMN "customer_id" TEXT COLLATE "C",
  ADD COLUMN "old_values" JSONB,
  ADD COLUMN "reverted_to" INTEGER;

-- The version with which other hardware came last.
ALTER TABLE "network_device" ADD COLUMN "replaced_version" INTEGER;

-- When a device is gone, whoever ends it, who changed what of it stays in the trail, and no value does.
CREATE FUNCTION "network_device_erase_history"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "device_audit" SET "old_values" = NULL WHERE "device_id" = OLD."id" AND "old_values" IS NOT NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_erase_history" AFTER DELETE ON "network_device"
  FOR EACH ROW EXECUTE FUNCTION "network_device_erase_history"();
