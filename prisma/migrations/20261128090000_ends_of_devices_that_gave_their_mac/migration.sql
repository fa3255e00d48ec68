-- Subscribers are told of the end of a device that gave its MAC address to another one, also if they were never told that it is
-- being deleted.
CREATE OR REPLACE FUNCTION "network_device_end_given_up"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "device_change" ("device_id", "gone_customer_id", "gone_version")
    VALUES (NEW."id", NEW."customer_id", NEW."version");
  DELETE FROM "network_device" WHERE "id" = NEW."id";
  RETURN NULL;
END $$;
