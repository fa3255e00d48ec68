-- The rules of one row's settings, in one function. PostgreSQL reads every CHECK of a table anew in each statement that
-- writes a row, whatever it sets: for these a fifth of what an update and its job cost. They still hold for every
-- writer, and are asked only where a value of theirs is set.
ALTER TABLE "network_device"
  DROP CONSTRAINT "network_device_id_check",
  DROP CONSTRAINT "network_device_name_check",
  DROP CONSTRAINT "network_device_notes_check",
  DROP CONSTRAINT "network_device_mac_address_check",
  DROP CONSTRAINT "network_device_wifi_check",
  DROP CONSTRAINT "network_device_wifi_ssid_check",
  DROP CONSTRAINT "network_device_wifi_enabled_check",
  DROP CONSTRAINT "network_device_wifi_password_check",
  DROP CONSTRAINT "network_device_dhcp_check",
  DROP CONSTRAINT "network_device_dhcp_enable_check",
  DROP CONSTRAINT "network_device_dhcp_address_check",
  DROP CONSTRAINT "network_device_dhcp_pool_check",
  DROP CONSTRAINT "network_device_dhcp_lease_minutes_check",
  DROP CONSTRAINT "network_device_dhcp_reserved_clients_check";

-- As in a CHECK, a rule that cannot be judged for want of a value is not broken.
CREATE FUNCTION "network_device_check_settings"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  broken text := CASE
    WHEN NOT NEW."id" ~ '^[0-9a-f]{24}$' THEN 'id'
    WHEN NOT char_length(NEW."name") BETWEEN 1 AND 100 THEN 'name'
    WHEN NOT char_length(NEW."notes") <= 4096 THEN 'notes'
    WHEN NOT NEW."mac_address" ~ '^[0-9a-f]{12}$' THEN 'mac_address'
    -- A WiFi section is there as a whole or not at all.
    WHEN num_nulls(NEW."wifi_enabled", NEW."wifi_enabled_5g", NEW."wifi_enabled_6g", NEW."wifi_bandsteering") > 0
      AND num_nonnulls(
        NEW."wifi_enabled", NEW."wifi_ssid", NEW."wifi_password",
        NEW."wifi_enabled_5g", NEW."wifi_ssid_5g", NEW."wifi_password_5g",
        NEW."wifi_enabled_6g", NEW."wifi_ssid_6g", NEW."wifi_password_6g", NEW."wifi_bandsteering"
      ) > 0 THEN 'wifi'
    WHEN NOT octet_length(NEW."wifi_ssid") BETWEEN 1 AND 32
      OR NOT octet_length(NEW."wifi_ssid_5g") BETWEEN 1 AND 32
      OR NOT octet_length(NEW."wifi_ssid_6g") BETWEEN 1 AND 32 THEN 'wifi_ssid'
    WHEN NEW."wifi_enabled" AND NEW."wifi_ssid" IS NULL
      OR NEW."wifi_enabled_5g" AND NEW."wifi_ssid_5g" IS NULL
      OR NEW."wifi_enabled_6g" AND num_nulls(NEW."wifi_ssid_6g", NEW."wifi_password_6g") > 0 THEN 'wifi_enabled'
    -- Passwords are stored sealed and never in clear.
    WHEN NEW."wifi_password" NOT LIKE 'v1.%'
      OR NEW."wifi_password_5g" NOT LIKE 'v1.%'
      OR NEW."wifi_password_6g" NOT LIKE 'v1.%' THEN 'wifi_password'
    -- A DHCP section is there as a whole or not at all.
    WHEN num_nulls(NEW."dhcp_enable", NEW."dhcp_reserved_clients") > 0
      AND num_nonnulls(
        NEW."dhcp_enable", NEW."dhcp_ip_pool_start", NEW."dhcp_ip_pool_end",
        NEW."dhcp_lease_minutes", NEW."dhcp_primary_dns_server", NEW."dhcp_reserved_clients"
      ) > 0 THEN 'dhcp'
    WHEN NEW."dhcp_enable"
      AND num_nulls(NEW."dhcp_ip_pool_start", NEW."dhcp_ip_pool_end", NEW."dhcp_lease_minutes") > 0 THEN 'dhcp_enable'
    WHEN NEW."dhcp_ip_pool_start" !~ '^\d{1,3}(\.\d{1,3}){3}$'
      OR NEW."dhcp_ip_pool_end" !~ '^\d{1,3}(\.\d{1,3}){3}$'
      OR NEW."dhcp_primary_dns_server" !~ '^\d{1,3}(\.\d{1,3}){3}$' THEN 'dhcp_address'
    WHEN NEW."dhcp_ip_pool_start"::inet > NEW."dhcp_ip_pool_end"::inet THEN 'dhcp_pool'
    WHEN NOT NEW."dhcp_lease_minutes" BETWEEN 1 AND 525600 THEN 'dhcp_lease_minutes'
    WHEN jsonb_typeof(NEW."dhcp_reserved_clients") <> 'array' THEN 'dhcp_reserved_clients'
    WHEN jsonb_array_length(NEW."dhcp_reserved_clients") > 256 THEN 'dhcp_reserved_clients'
  END;
BEGIN
  IF broken IS NOT NULL THEN
    -- Unlike a CHECK it does not show the row, which holds more than a log should.
    RAISE EXCEPTION 'a device breaks the rule "network_device_%_check"', broken
      USING ERRCODE = 'check_violation', CONSTRAINT = 'network_device_' || broken || '_check', TABLE = 'network_device';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER "network_device_check_settings" BEFORE INSERT OR UPDATE OF
  "id", "name", "notes", "mac_address", "wifi_enabled", "wifi_ssid", "wifi_password", "wifi_enabled_5g", "wifi_ssid_5g",
  "wifi_password_5g", "wifi_enabled_6g", "wifi_ssid_6g", "wifi_password_6g", "wifi_bandsteering", "dhcp_enable",
  "dhcp_ip_pool_start", "dhcp_ip_pool_end", "dhcp_lease_minutes", "dhcp_primary_dns_server", "dhcp_reserved_clients"
  ON "network_device" FOR EACH ROW EXECUTE FUNCTION "network_device_check_settings"();
