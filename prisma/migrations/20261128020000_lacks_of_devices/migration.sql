-- What lacks something already. From the migration before on the triggers note what changes; no row is locked.
INSERT INTO "unreported_device" ("device_id")
  SELECT d."id" FROM "network_device" d
  WHERE NOT EXISTS (SELECT FROM "device_status" s WHERE s."device_id" = d."id") ON CONFLICT DO NOTHING;

INSERT INTO "unprovisioned_device" ("device_id")
  SELECT "id" FROM "network_device" WHERE "provisioned" IS NOT TRUE AND "state" <> 'PROVISIONING' ON CONFLICT DO NOTHING;
