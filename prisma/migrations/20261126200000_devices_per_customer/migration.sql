-- Whether a customer has as many devices as it may, by what is committed when it is asked and what the asking statement has
-- written so far: a create asks it under the customer's lock.
CREATE FUNCTION "customer_is_full"("customer" text, "device_limit" integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN "device_limit" IS NOT NULL AND "device_limit" <= (
    SELECT count(*) FROM (SELECT FROM "network_device" d WHERE d."customer_id" = "customer" LIMIT "device_limit") counted
  );
END $$;
