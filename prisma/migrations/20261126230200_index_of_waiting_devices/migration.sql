-- Devices whose job waits for the end of another device.
CREATE INDEX CONCURRENTLY "network_device_waiting" ON "network_device"("waits_for_device_id")
  WHERE "waits_for_device_id" IS NOT NULL;
