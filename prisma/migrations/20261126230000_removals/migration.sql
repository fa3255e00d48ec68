-- Devices are deleted by jobs of a kind of their own.

CREATE TYPE "provisioning_job_kind" AS ENUM ('SETTINGS', 'REMOVAL');

-- A removal keeps "due_at" at infinity, also while it runs, and is due by a column of its own: the build before, which knows
-- no kinds, never claims it.
ALTER TABLE "provisioning_job"
  ADD COLUMN "kind" "provisioning_job_kind" NOT NULL DEFAULT 'SETTINGS',
  ADD COLUMN "removal_due_at" TIMESTAMPTZ(6);

ALTER TABLE "network_device"
  ADD COLUMN "has_open_removal" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "shown_mac_address" TEXT COLLATE "C",
  ADD COLUMN "waits_for_device_id" TEXT COLLATE "C";

-- A device that is to be deleted needs no more settings, whoever decides that; a job that runs is let end. Who deletes a device
-- by a removal has counted that one, and supersedes what waits.
CREATE OR REPLACE FUNCTION "network_device_supersede_jobs"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."has_open_removal" THEN
    RETURN NEW;
  END IF;
  UPDATE "provisioning_job" SET "state" = 'SUPERSEDED', "finished_at" = CURRENT_TIMESTAMP
    WHERE "device_id" = NEW."id" AND "state" = 'QUEUED';
  INSERT INTO "device_change" ("device_id") VALUES (NEW."id");
  NEW."jobs" := (NEW."running_job_id" IS NOT NULL)::integer;
  RETURN NEW;
END $$;

-- A device that gave its MAC address to another one ends with the job that ran then, whichever build ends it.
CREATE FUNCTION "network_device_end_given_up"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "network_device" WHERE "id" = NEW."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_end_given_up" AFTER UPDATE OF "running_job_id" ON "network_device"
  FOR EACH ROW WHEN (NEW."running_job_id" IS NULL AND NEW."shown_mac_address" IS NOT NULL)
  EXECUTE FUNCTION "network_device_end_given_up"();

-- With its end the job of the other one is due.
CREATE FUNCTION "network_device_release_waiting"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH "released" AS (
    UPDATE "network_device" SET "waits_for_device_id" = NULL WHERE "waits_for_device_id" = OLD."id" RETURNING "id"
  )
  UPDATE "provisioning_job" j SET
    "due_at" = CASE WHEN j."kind" = 'SETTINGS' THEN CURRENT_TIMESTAMP ELSE j."due_at" END,
    "removal_due_at" = CASE WHEN j."kind" = 'REMOVAL' THEN CURRENT_TIMESTAMP END
    FROM "released" WHERE j."device_id" = "released"."id" AND j."state" = 'QUEUED';
  RETURN NULL;
END $$;

CREATE TRIGGER "network_device_release_waiting" AFTER DELETE ON "network_device"
  FOR EACH ROW WHEN (OLD."shown_mac_address" IS NOT NULL)
  EXECUTE FUNCTION "network_device_release_waiting"();
