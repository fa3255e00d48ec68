import { expect } from 'vitest';
import type { DeviceSettings } from '../../src/domain/device.js';
import { DHCP_DEFAULTS, type DhcpSettings } from '../../src/domain/dhcp.js';
import type { RuleViolation } from '../../src/domain/violation.js';
import { WIFI_DEFAULTS, type WifiSettings } from '../../src/domain/wifi.js';

/** Settings that break no rule. */
export const SETTINGS: DeviceSettings = {
  name: 'Johns router',
  notes: 'In the cellar',
  macAddress: '123456789012',
  serialNumber: null,
  mvnoAccount: null,
  wifi: null,
  dhcp: null,
};

export function wifi(wishes: Partial<WifiSettings>): WifiSettings {
  return { ...WIFI_DEFAULTS, ...wishes };
}

export function dhcp(wishes: Partial<DhcpSettings>): DhcpSettings {
  return { ...DHCP_DEFAULTS, ...wishes };
}

/** Where the violations are; each must also have a sentence for people. */
export function pathsOf(violations: readonly RuleViolation[]): string[] {
  for (const { message } of violations) expect(message).toMatch(/^[A-Z].*\.$/);
  return violations.map(({ path }) => path);
}
