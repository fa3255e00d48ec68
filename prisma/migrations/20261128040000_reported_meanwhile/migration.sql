-- Devices whose first report came while those that lack one were looked for. The index before this was built after that, and waited
-- for everybody who was writing to the table: whoever reports since then finds the device noted, and removes it.
DELETE FROM "unreported_device" u USING "device_status" s WHERE s."device_id" = u."device_id";

ANALYZE "unreported_device", "unprovisioned_device";
