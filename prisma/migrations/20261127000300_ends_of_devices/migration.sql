-- What subscribers are told of a device that is gone before they were told that it is being deleted: whose it was, and its last
-- version. No settings outlive the device.
ALTER TABLE "device_change" ADD COLUMN "gone_customer_id" TEXT COLLATE "C", ADD COLUMN "gone_version" INTEGER;

CREATE INDEX "device_change_gone" ON "device_change"("device_id") WHERE "gone_customer_id" IS NOT NULL;
