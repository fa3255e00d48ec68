-- Devices that have no status, because they never reported: a list of what is not known to be online finds them here, and need not
-- look for a status of each device.
CREATE TABLE "unreported_device" (
    "device_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "unreported_device_pkey" PRIMARY KEY ("device_id")
);

-- Only the first report inserts a row. A session may have made its plan while the table was small.
CREATE FUNCTION "device_status_first"() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  DELETE FROM "unreported_device" WHERE "device_id" = NEW."device_id";
  RETURN NULL;
END $$;

CREATE TRIGGER "device_status_first" AFTER INSERT ON "device_status"
  FOR EACH ROW EXECUTE FUNCTION "device_status_first"();

-- With a device goes its status; without one there is nothing to note.
CREATE FUNCTION "device_status_gone"() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  INSERT INTO "unreported_device" ("device_id")
    SELECT "id" FROM "network_device" WHERE "id" = OLD."device_id" ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER "device_status_gone" AFTER DELETE ON "device_status"
  FOR EACH ROW EXECUTE FUNCTION "device_status_gone"();
