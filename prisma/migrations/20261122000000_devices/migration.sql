-- CreateEnum
CREATE TYPE "device_state" AS ENUM ('ACTIVE', 'PROVISIONING', 'DELETING');

-- CreateEnum
CREATE TYPE "device_model_type" AS ENUM ('ROUTER', 'SWITCH', 'FIREWALL', 'ACCESSPOINT', 'OTHER');

-- CreateTable
CREATE TABLE "customer" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "parent_reseller_id" TEXT COLLATE "C",
    "ancestor_ids" TEXT[] DEFAULT ARRAY[]::TEXT[],

    CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "device_model" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "type" "device_model_type" NOT NULL,
    "brand" TEXT,
    "description" TEXT,
    "picture" TEXT,
    "wifi" BOOLEAN NOT NULL,
    "wifi_2g" BOOLEAN NOT NULL,
    "wifi_5g" BOOLEAN NOT NULL,
    "wifi_6g" BOOLEAN NOT NULL,
    "sim_support" BOOLEAN NOT NULL,

    CONSTRAINT "device_model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "network_device" (
    "id" TEXT COLLATE "C" NOT NULL,
    "customer_id" TEXT COLLATE "C" NOT NULL,
    "model_id" TEXT COLLATE "C" NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "state" "device_state" NOT NULL DEFAULT 'ACTIVE',
    "name" TEXT NOT NULL,
    "notes" TEXT,
    "mac_address" TEXT COLLATE "C" NOT NULL,
    "serial_number" TEXT,
    "mvno_account" TEXT,
    "jobs" INTEGER NOT NULL DEFAULT 0,
    "provisioned" BOOLEAN,
    "wifi_enabled" BOOLEAN,
    "wifi_ssid" TEXT,
    "wifi_password" TEXT,
    "wifi_enabled_5g" BOOLEAN,
    "wifi_ssid_5g" TEXT,
    "wifi_password_5g" TEXT,
    "wifi_enabled_6g" BOOLEAN,
    "wifi_ssid_6g" TEXT,
    "wifi_password_6g" TEXT,
    "wifi_bandsteering" BOOLEAN,
    "dhcp_enable" BOOLEAN,
    "dhcp_ip_pool_start" TEXT,
    "dhcp_ip_pool_end" TEXT,
    "dhcp_lease_minutes" INTEGER,
    "dhcp_primary_dns_server" TEXT,
    "dhcp_reserved_clients" JSONB,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "network_device_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "device_status" (
    "device_id" TEXT COLLATE "C" NOT NULL,
    "last_comm" TIMESTAMPTZ(3),
    "online" BOOLEAN,
    "lan_ip" TEXT,
    "subnet_mask" TEXT,
    "gateway" TEXT,
    "wan_ip" TEXT,
    "public_ip" TEXT,
    "up_time_seconds" INTEGER,
    "dns" TEXT,
    "dns2" TEXT,
    "ipv6" TEXT,
    "ipv6_dns" TEXT,
    "ipv6_dns2" TEXT,
    "sim_status_code" TEXT,
    "network_type_code" TEXT,
    "signal_strength" INTEGER,
    "ss_signal_strength" INTEGER,
    "uplink_rate_kbps" INTEGER,
    "downlink_rate_kbps" INTEGER,
    "connection_seconds" INTEGER,

    CONSTRAINT "device_status_pkey" PRIMARY KEY ("device_id")
);

-- CreateTable
CREATE TABLE "secret_key_check" (
    "key_id" TEXT COLLATE "C" NOT NULL,
    "check_value" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secret_key_check_pkey" PRIMARY KEY ("key_id")
);

-- CreateIndex
CREATE INDEX "customer_parent_reseller_id_idx" ON "customer"("parent_reseller_id");

-- CreateIndex
CREATE UNIQUE INDEX "network_device_mac_address_key" ON "network_device"("mac_address");

-- CreateIndex
CREATE INDEX "network_device_customer_id_id_idx" ON "network_device"("customer_id", "id");

-- CreateIndex
CREATE INDEX "network_device_model_id_idx" ON "network_device"("model_id");

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_parent_reseller_id_fkey" FOREIGN KEY ("parent_reseller_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "network_device" ADD CONSTRAINT "network_device_customer_id_fkey" FOREIGN KEY ("customer_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "network_device" ADD CONSTRAINT "network_device_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "device_model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "device_status" ADD CONSTRAINT "device_status_device_id_fkey" FOREIGN KEY ("device_id") REFERENCES "network_device"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Ids are 24 lower-case hex digits.
ALTER TABLE "customer" ADD CONSTRAINT "customer_id_check" CHECK ("id" ~ '^[0-9a-f]{24}$');
ALTER TABLE "device_model" ADD CONSTRAINT "device_model_id_check" CHECK ("id" ~ '^[0-9a-f]{24}$');
ALTER TABLE "network_device" ADD CONSTRAINT "network_device_id_check" CHECK ("id" ~ '^[0-9a-f]{24}$');

-- The rules that hold for one row whatever else is known. The gateway checks them first and says which is broken;
-- here they hold for every writer.
ALTER TABLE "network_device"
  ADD CONSTRAINT "network_device_version_check" CHECK ("version" >= 1),
  ADD CONSTRAINT "network_device_jobs_check" CHECK ("jobs" >= 0),
  ADD CONSTRAINT "network_device_name_check" CHECK (char_length("name") BETWEEN 1 AND 100),
  ADD CONSTRAINT "network_device_notes_check" CHECK (char_length("notes") <= 4096),
  ADD CONSTRAINT "network_device_mac_address_check" CHECK ("mac_address" ~ '^[0-9a-f]{12}$'),
  -- A WiFi section is there as a whole or not at all.
  ADD CONSTRAINT "network_device_wifi_check" CHECK (
    num_nulls("wifi_enabled", "wifi_enabled_5g", "wifi_enabled_6g", "wifi_bandsteering") = 0
    OR num_nonnulls(
      "wifi_enabled", "wifi_ssid", "wifi_password",
      "wifi_enabled_5g", "wifi_ssid_5g", "wifi_password_5g",
      "wifi_enabled_6g", "wifi_ssid_6g", "wifi_password_6g", "wifi_bandsteering"
    ) = 0
  ),
  ADD CONSTRAINT "network_device_wifi_ssid_check" CHECK (
    octet_length("wifi_ssid") BETWEEN 1 AND 32
    AND octet_length("wifi_ssid_5g") BETWEEN 1 AND 32
    AND octet_length("wifi_ssid_6g") BETWEEN 1 AND 32
  ),
  ADD CONSTRAINT "network_device_wifi_enabled_check" CHECK (
    (NOT "wifi_enabled" OR "wifi_ssid" IS NOT NULL)
    AND (NOT "wifi_enabled_5g" OR "wifi_ssid_5g" IS NOT NULL)
    AND (NOT "wifi_enabled_6g" OR ("wifi_ssid_6g" IS NOT NULL AND "wifi_password_6g" IS NOT NULL))
  ),
  -- Passwords are stored sealed and never in clear.
  ADD CONSTRAINT "network_device_wifi_password_check" CHECK (
    "wifi_password" LIKE 'v1.%' AND "wifi_password_5g" LIKE 'v1.%' AND "wifi_password_6g" LIKE 'v1.%'
  ),
  -- A DHCP section is there as a whole or not at all.
  ADD CONSTRAINT "network_device_dhcp_check" CHECK (
    num_nulls("dhcp_enable", "dhcp_reserved_clients") = 0
    OR num_nonnulls(
      "dhcp_enable", "dhcp_ip_pool_start", "dhcp_ip_pool_end",
      "dhcp_lease_minutes", "dhcp_primary_dns_server", "dhcp_reserved_clients"
    ) = 0
  ),
  ADD CONSTRAINT "network_device_dhcp_enable_check" CHECK (
    NOT "dhcp_enable" OR num_nulls("dhcp_ip_pool_start", "dhcp_ip_pool_end", "dhcp_lease_minutes") = 0
  ),
  ADD CONSTRAINT "network_device_dhcp_address_check" CHECK (
    "dhcp_ip_pool_start" ~ '^\d{1,3}(\.\d{1,3}){3}$'
    AND "dhcp_ip_pool_end" ~ '^\d{1,3}(\.\d{1,3}){3}$'
    AND "dhcp_primary_dns_server" ~ '^\d{1,3}(\.\d{1,3}){3}$'
  ),
  ADD CONSTRAINT "network_device_dhcp_pool_check" CHECK ("dhcp_ip_pool_start"::inet <= "dhcp_ip_pool_end"::inet),
  ADD CONSTRAINT "network_device_dhcp_lease_minutes_check" CHECK ("dhcp_lease_minutes" BETWEEN 1 AND 525600),
  ADD CONSTRAINT "network_device_dhcp_reserved_clients_check" CHECK (
    CASE jsonb_typeof("dhcp_reserved_clients")
      WHEN 'array' THEN jsonb_array_length("dhcp_reserved_clients") <= 256
      ELSE "dhcp_reserved_clients" IS NULL
    END
  );

-- A customer's place in the reseller tree, kept so that "within reach" is one comparison and not a walk.
CREATE FUNCTION "customer_set_ancestors"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."parent_reseller_id" IS NULL THEN
    NEW."ancestor_ids" := ARRAY[NEW."id"];
    RETURN NEW;
  END IF;
  -- The row itself would satisfy the foreign key.
  IF NEW."parent_reseller_id" = NEW."id" THEN
    RAISE EXCEPTION 'customer % cannot be below itself in the reseller tree', NEW."id"
      USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_tree_check';
  END IF;
  -- The lock keeps the parent from being moved until this row is committed.
  SELECT "ancestor_ids" || NEW."id" INTO NEW."ancestor_ids"
    FROM "customer" WHERE "id" = NEW."parent_reseller_id" FOR SHARE;
  -- A parent that does not exist is left to the foreign key to refuse.
  NEW."ancestor_ids" := coalesce(NEW."ancestor_ids", ARRAY[NEW."id"]);
  IF NEW."id" = ANY (NEW."ancestor_ids"[1 : cardinality(NEW."ancestor_ids") - 1]) THEN
    RAISE EXCEPTION 'customer % cannot be below itself in the reseller tree', NEW."id"
      USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_tree_check';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER "customer_set_ancestors" BEFORE INSERT OR UPDATE OF "id", "parent_reseller_id", "ancestor_ids"
  ON "customer" FOR EACH ROW EXECUTE FUNCTION "customer_set_ancestors"();

-- A customer that moves takes everything below along: each child computes its place anew, and so on downwards.
CREATE FUNCTION "customer_move_children"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "customer" SET "ancestor_ids" = '{}' WHERE "parent_reseller_id" = NEW."id";
  RETURN NULL;
END $$;

CREATE TRIGGER "customer_move_children" AFTER UPDATE OF "parent_reseller_id", "ancestor_ids" ON "customer"
  FOR EACH ROW WHEN (OLD."ancestor_ids" IS DISTINCT FROM NEW."ancestor_ids")
  EXECUTE FUNCTION "customer_move_children"();
