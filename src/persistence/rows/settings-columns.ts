import type { DeviceSettings } from '../../domain/device.js';
import type { ReservedClient } from '../../domain/dhcp.js';
import type { SealedText } from '../../secrets/key-ring.js';

type ColumnValue = string | number | boolean | null | readonly ReservedClient[];

/** The settings of a device by column name: the one map from settings to the table, for updates and inserts alike. */
export function settingsColumns({
  name,
  notes,
  macAddress,
  serialNumber,
  mvnoAccount,
  wifi,
  dhcp,
}: DeviceSettings<SealedText>): Readonly<Record<string, ColumnValue>> {
  return {
    name,
    notes,
    mac_address: macAddress,
    serial_number: serialNumber,
    mvno_account: mvnoAccount,
    wifi_enabled: wifi?.enabled ?? null,
    wifi_ssid: wifi?.ssid ?? null,
    wifi_password: wifi?.password?.sealed ?? null,
    wifi_enabled_5g: wifi?.enabled5G ?? null,
    wifi_ssid_5g: wifi?.ssid5G ?? null,
    wifi_password_5g: wifi?.password5G?.sealed ?? null,
    wifi_enabled_6g: wifi?.enabled6G ?? null,
    wifi_ssid_6g: wifi?.ssid6G ?? null,
    wifi_password_6g: wifi?.password6G?.sealed ?? null,
    wifi_bandsteering: wifi?.bandsteering ?? null,
    dhcp_enable: dhcp?.enable ?? null,
    dhcp_ip_pool_start: dhcp?.ipPoolStart ?? null,
    dhcp_ip_pool_end: dhcp?.ipPoolEnd ?? null,
    dhcp_lease_minutes: dhcp?.leaseTime ?? null,
    dhcp_primary_dns_server: dhcp?.primaryDnsServer ?? null,
    dhcp_reserved_clients: dhcp?.reservedClients ?? null,
  };
}

/** The names of these columns. */
export const SETTINGS_COLUMNS: readonly string[] = Object.keys(
  settingsColumns({
    name: '',
    notes: null,
    macAddress: '',
    serialNumber: null,
    mvnoAccount: null,
    wifi: null,
    dhcp: null,
  }),
);
