-- A change that waited for a device whose job went back to the queue meanwhile did not count that job: the end of its attempt, or of
-- the new job's, could not be stored any more. Such a job is superseded by the newer one, and the others are counted anew.
DO $$
DECLARE
  "device" text;
BEGIN
  FOR "device" IN
    SELECT d."id" FROM "network_device" d JOIN (
      SELECT "device_id", count(*) AS "jobs" FROM "provisioning_job" WHERE "state" IN ('QUEUED', 'RUNNING') GROUP BY "device_id"
    ) "open" ON "open"."device_id" = d."id" WHERE d."jobs" < "open"."jobs"
  LOOP
    -- Whoever changes a job holds the lock of its device; what follows sees the jobs as they are then.
    PERFORM FROM "network_device" WHERE "id" = "device" FOR NO KEY UPDATE;
    UPDATE "provisioning_job" j SET "state" = 'SUPERSEDED', "finished_at" = CURRENT_TIMESTAMP
      WHERE j."device_id" = "device" AND j."state" = 'QUEUED' AND EXISTS (
        SELECT FROM "provisioning_job" later
          WHERE later."device_id" = "device" AND later."id" > j."id" AND later."state" IN ('QUEUED', 'RUNNING')
      );
    UPDATE "network_device" SET "jobs" = "open"."jobs"
      FROM (SELECT count(*) AS "jobs" FROM "provisioning_job" WHERE "device_id" = "device" AND "state" IN ('QUEUED', 'RUNNING')) "open"
      WHERE "id" = "device";
  END LOOP;
END $$;
