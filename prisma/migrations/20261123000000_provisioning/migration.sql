-- Provisioning jobs, and the record of changes that subscribers are told of.

-- CreateEnum
CREATE TYPE "provisioning_job_state" AS ENUM ('QUEUED', 'RUNNING', 'APPLIED', 'FAILED', 'SUPERSEDED');

-- CreateTable
CREATE TABLE "provisioning_job" (
    "id" BIGSERIAL NOT NULL,
    "device_id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL,
    "state" "provisioning_job_state" NOT NULL DEFAULT 'QUEUED',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "due_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "provisioning_job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "device_change" (
    "xid" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
    "seq" BIGSERIAL NOT NULL,
    "device_id" TEXT COLLATE "C" NOT NULL,

    CONSTRAINT "device_change_pkey" PRIMARY KEY ("xid","seq")
);

-- AlterTable
ALTER TABLE "network_device" ADD COLUMN "running_job_id" BIGINT;

-- CreateIndex
CREATE INDEX "provisioning_job_device_id_id_idx" ON "provisioning_job"("device_id", "id");

-- AddForeignKey
ALTER TABLE "provisioning_job" ADD CONSTRAINT "provisioning_job_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "network_device"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What the gateway keeps true holds for every writer: one job waits and one runs for a device, at most.
CREATE UNIQUE INDEX "provisioning_job_one_queued" ON "provisioning_job"("device_id") WHERE "state" = 'QUEUED';
CREATE UNIQUE INDEX "provisioning_job_one_running" ON "provisioning_job"("device_id") WHERE "state" = 'RUNNING';

-- Where workers look: what may be taken up at which time.
CREATE INDEX "provisioning_job_due" ON "provisioning_job"("due_at") WHERE "state" IN ('QUEUED', 'RUNNING');

ALTER TABLE "provisioning_job"
  ADD CONSTRAINT "provisioning_job_version_check" CHECK ("version" >= 1),
  ADD CONSTRAINT "provisioning_job_attempts_check" CHECK ("attempts" >= 0),
  ADD CONSTRAINT "provisioning_job_error_check" CHECK (char_length("error") <= 500),
  ADD CONSTRAINT "provisioning_job_lease_check" CHECK (("state" = 'RUNNING') = ("lease" IS NOT NULL)),
  ADD CONSTRAINT "provisioning_job_finished_check" CHECK (("state" IN ('QUEUED', 'RUNNING')) = ("finished_at" IS NULL));

-- A device that is being provisioned gets the job for it; no other device has one yet.
UPDATE "network_device" SET "jobs" = ("state" = 'PROVISIONING')::integer
  WHERE "jobs" <> ("state" = 'PROVISIONING')::integer;
INSERT INTO "provisioning_job" ("device_id", "version")
  SELECT "id", "version" FROM "network_device" WHERE "state" = 'PROVISIONING' ORDER BY "id";

-- A device that is to be deleted needs no more provisioning, whoever decides that; a job that runs is let end.
CREATE FUNCTION "network_device_supersede_jobs"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "provisioning_job" SET "state" = 'SUPERSEDED', "finished_at" = CURRENT_TIMESTAMP
    WHERE "device_id" = NEW."id" AND "state" = 'QUEUED';
  INSERT INTO "device_change" ("device_id") VALUES (NEW."id");
  NEW."jobs" := (NEW."running_job_id" IS NOT NULL)::integer;
  RETURN NEW;
END $$;

CREATE TRIGGER "network_device_supersede_jobs" BEFORE UPDATE OF "state" ON "network_device"
  FOR EACH ROW WHEN (NEW."state" = 'DELETING' AND OLD."state" <> 'DELETING')
  EXECUTE FUNCTION "network_device_supersede_jobs"();

-- Every change is told at its commit, by its number and the id of the device. A notification holds less than 8,000 bytes.
CREATE FUNCTION "device_change_notify"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('device_change', string_agg("seq" || ' ' || "device_id", ',' ORDER BY "seq"))
    FROM "added" GROUP BY "seq" / 128;
  RETURN NULL;
END $$;

CREATE TRIGGER "device_change_notify" AFTER INSERT ON "device_change"
  REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "device_change_notify"();

-- A job that is new wakes the workers.
CREATE FUNCTION "provisioning_job_notify"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('provisioning_job', '');
  RETURN NULL;
END $$;

CREATE TRIGGER "provisioning_job_notify" AFTER INSERT ON "provisioning_job"
  FOR EACH STATEMENT EXECUTE FUNCTION "provisioning_job_notify"();
