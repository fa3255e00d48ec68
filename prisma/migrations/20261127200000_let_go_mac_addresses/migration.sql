-- A device that gave its MAC address to another one while a job of it ran has it until that job has ended. When the other one lets
-- it go before, by its end or by another address, it is given back: nobody has it without waiting for that end.
CREATE FUNCTION "network_device_give_back_mac"("mac" text, "device" text) RETURNS void LANGUAGE sql AS $$
  UPDATE "network_device" SET "mac_address" = "mac"
    WHERE "id" = "device" AND "shown_mac_address" = "mac"
      AND NOT EXISTS (SELECT FROM "network_device" WHERE "mac_address" = "mac")
$$;

CREATE FUNCTION "network_device_waiting_ended"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM "network_device_give_back_mac"(OLD."mac_address", OLD."waits_for_device_id");
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_waiting_ended" AFTER DELETE ON "network_device"
  FOR EACH ROW WHEN (OLD."waits_for_device_id" IS NOT NULL)
  EXECUTE FUNCTION "network_device_waiting_ended"();

-- The build before, which knows of no waiting, queues a job that is due at once; it is due with that end.
CREATE FUNCTION "network_device_waiting_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."mac_address" <> NEW."mac_address" THEN
    PERFORM "network_device_give_back_mac"(OLD."mac_address", OLD."waits_for_device_id");
  END IF;
  UPDATE "provisioning_job" SET "due_at" = 'infinity'
    WHERE "device_id" = NEW."id" AND "state" = 'QUEUED' AND "due_at" < 'infinity';
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_waiting_changed" AFTER UPDATE OF "jobs", "mac_address" ON "network_device"
  FOR EACH ROW WHEN (OLD."waits_for_device_id" IS NOT NULL AND NEW."waits_for_device_id" IS NOT NULL)
  EXECUTE FUNCTION "network_device_waiting_changed"();

-- Nor does it start a job at once.
CREATE FUNCTION "network_device_waiting_starts_nothing"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."running_job_id" := NULL;
  RETURN NEW;
END $$;

CREATE TRIGGER "network_device_waiting_starts_nothing" BEFORE UPDATE OF "running_job_id" ON "network_device"
  FOR EACH ROW WHEN (NEW."waits_for_device_id" IS NOT NULL AND NEW."running_job_id" IS NOT NULL)
  EXECUTE FUNCTION "network_device_waiting_starts_nothing"();
