-- A session keeps the plan of its first deletion for a statement without parameters: one from when the table was small, or for
-- thousands of devices at once, looks through all of it. EXECUTE plans for what is deleted.
CREATE OR REPLACE FUNCTION "network_device_delete_reach"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE 'DELETE FROM "device_reach" r USING "gone" WHERE r."device_id" = "gone"."id"';
  RETURN NULL;
END $$;
