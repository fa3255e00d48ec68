-- The MAC address that a device shows, as it is when the function is called: a statement that has waited for the status of a device
-- sees the device itself as it was before. A volatile function looks anew.
CREATE FUNCTION "network_device_mac_address"("id" TEXT) RETURNS TEXT LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT coalesce(d."shown_mac_address", d."mac_address") FROM "network_device" d WHERE d."id" = "network_device_mac_address"."id");
END $$;
