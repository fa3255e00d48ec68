-- Other hardware in the place of a device: jobs from before are tried no more, and reports from before change nothing.
ALTER TABLE "network_device" ADD COLUMN "replaced_at" TIMESTAMPTZ(3);

ALTER TABLE "device_status" ADD COLUMN "not_before" TIMESTAMPTZ(3);
