-- What the usual update leaves alone is no longer written anew with it: decision 17.

-- A device that is taken up and done with stays on its page, and its indexes are not touched, if none of them holds its
-- state and the page has room. Devices that are being provisioned are found by their jobs, those that are deleted by this.

-- DropIndex
DROP INDEX "network_device_state_id_idx";

-- AlterTable
ALTER TABLE "network_device"
  ADD COLUMN "is_deleting" BOOLEAN GENERATED ALWAYS AS ("state" = 'DELETING') STORED,
  SET (fillfactor = 80);

CREATE INDEX "network_device_deleting" ON "network_device"("id") WHERE "is_deleting" IS TRUE;

-- The number of a job or an audit entry is looked for together with its device: one index does for both.

-- DropIndex
DROP INDEX "provisioning_job_device_id_id_idx";

-- AlterTable
ALTER TABLE "provisioning_job" DROP CONSTRAINT "provisioning_job_pkey",
  ADD CONSTRAINT "provisioning_job_pkey" PRIMARY KEY ("device_id", "id");

-- DropIndex
DROP INDEX "device_audit_device_id_id_idx";

-- AlterTable
ALTER TABLE "device_audit" DROP CONSTRAINT "device_audit_pkey",
  ADD CONSTRAINT "device_audit_pkey" PRIMARY KEY ("device_id", "id");

-- A transaction that notifies commits alone. The gateway that made a change tells others of it after the commit, of many at once,
-- and everybody looks for itself every second.
DROP TRIGGER "device_change_notify" ON "device_change";
DROP FUNCTION "device_change_notify"();
DROP TRIGGER "provisioning_job_notify" ON "provisioning_job";
DROP FUNCTION "provisioning_job_notify"();
