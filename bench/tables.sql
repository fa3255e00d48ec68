-- The contenders' tables, in the layout that the usual stack starts from: one table for each type, columns named as the
-- fields of the API. They hold the devices of the gateway's own tables, WiFi passwords in clear.
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
SET search_path = bench, public;

CREATE TABLE model AS
  SELECT id, name, type::text AS type, brand, description, picture, wifi, wifi_2g AS "wifi2G", wifi_5g AS "wifi5G",
    wifi_6g AS "wifi6G", sim_support AS "simSupport"
  FROM public.device_model;
ALTER TABLE model ADD PRIMARY KEY (id);

CREATE TABLE customer AS SELECT id, name FROM public.customer;
ALTER TABLE customer ADD PRIMARY KEY (id);

CREATE TABLE device AS
  SELECT id, customer_id AS "customerId", model_id AS "modelId", version, state::text AS state, name, notes, jobs,
    mac_address AS "macAddress", serial_number AS "serialNumber", mvno_account AS "mvnoAccount",
    created_at AS "createdAt", updated_at AS "updatedAt"
  FROM public.network_device;
ALTER TABLE device
  ADD PRIMARY KEY (id),
  ADD UNIQUE ("macAddress"),
  ADD FOREIGN KEY ("customerId") REFERENCES customer,
  ADD FOREIGN KEY ("modelId") REFERENCES model;

CREATE TABLE wifi AS
  SELECT id AS "deviceId", wifi_enabled AS enabled, wifi_ssid AS ssid, replace(name, 'device', 'password') AS password,
    wifi_enabled_5g AS "enabled5G", wifi_ssid_5g AS "ssid5G", replace(name, 'device', 'password') || ' 5G' AS "password5G",
    wifi_enabled_6g AS "enabled6G", wifi_ssid_6g AS "ssid6G", replace(name, 'device', 'password') || ' 6G' AS "password6G",
    wifi_bandsteering AS bandsteering
  FROM public.network_device;
ALTER TABLE wifi
  ADD PRIMARY KEY ("deviceId"),
  ADD FOREIGN KEY ("deviceId") REFERENCES device;

CREATE TABLE dhcp AS
  SELECT id AS "deviceId", dhcp_enable AS enable, dhcp_ip_pool_start AS "ipPoolStart", dhcp_ip_pool_end AS "ipPoolEnd",
    dhcp_lease_minutes AS "leaseTime", dhcp_primary_dns_server AS "primaryDnsServer"
  FROM public.network_device;
ALTER TABLE dhcp
  ADD PRIMARY KEY ("deviceId"),
  ADD FOREIGN KEY ("deviceId") REFERENCES device;

CREATE TABLE reserved_client (
  row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "deviceId" text COLLATE "C" NOT NULL REFERENCES dhcp,
  id text,
  mac text NOT NULL,
  ip text NOT NULL,
  enable boolean NOT NULL
);
INSERT INTO reserved_client ("deviceId", id, mac, ip, enable)
  SELECT device.id, client.id, client.mac, client.ip, client.enable
  FROM public.network_device device,
    jsonb_to_recordset(device.dhcp_reserved_clients) AS client(id text, mac text, ip text, enable boolean);
CREATE INDEX ON reserved_client ("deviceId");

CREATE TABLE status AS
  SELECT s.device_id AS "deviceId", d.provisioned, s.last_comm AS "lastComm", s.online, s.lan_ip AS "lanIp",
    s.subnet_mask AS "subnetMask", s.gateway, s.wan_ip AS "wanIp", s.public_ip AS "publicIp", s.up_time_seconds AS "upTime",
    s.dns, s.dns2, s.ipv6, s.ipv6_dns AS "ipv6Dns", s.ipv6_dns2 AS "ipv6Dns2",
    CASE s.sim_status_code WHEN '1' THEN 'READY' WHEN '4' THEN 'PUK_LOCK' WHEN '5' THEN 'BLOCKED' ELSE 'NO_SIM' END AS "simStatus",
    CASE s.network_type_code WHEN '40' THEN 'NR' ELSE 'NONE' END AS "networkType",
    s.signal_strength AS "signalStrength", s.ss_signal_strength AS "ssSignalStrength",
    s.uplink_rate_kbps AS "uplinkRate", s.downlink_rate_kbps AS "downlinkRate", s.connection_seconds AS "connectionTime"
  FROM public.device_status s JOIN public.network_device d ON d.id = s.device_id;
ALTER TABLE status
  ADD PRIMARY KEY ("deviceId"),
  ADD FOREIGN KEY ("deviceId") REFERENCES device;

RESET search_path;
VACUUM ANALYZE;
