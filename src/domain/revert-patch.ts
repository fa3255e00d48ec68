import type { DeviceSettings } from './device.js';
import type { DevicePatch } from './device-patch.js';
import { DHCP_DEFAULTS, RESERVATIONS_PATH } from './dhcp.js';
import { WIFI_DEFAULTS } from './wifi.js';

const TEXT_FIELDS = ['name', 'notes', 'macAddress', 'serialNumber', 'mvnoAccount'] as const;

/** What belongs to the hardware itself. */
const HARDWARE_FIELDS: readonly string[] = ['macAddress', 'serialNumber'];

/** Every path that a change can name, and that can be gone back to. */
export const SETTINGS_PATHS: ReadonlySet<string> = new Set([
  ...TEXT_FIELDS,
  'wifi',
  ...Object.keys(WIFI_DEFAULTS).map((field) => `wifi.${field}`),
  'dhcp',
  ...Object.keys(DHCP_DEFAULTS).map((field) => `dhcp.${field}`),
]);

/** Fields of an input that change single reservations: all of them are one value. */
const SAME_PATHS: ReadonlyMap<string, string> = new Map([
  ['dhcp.putReservedClients', RESERVATIONS_PATH],
  ['dhcp.removeReservedClients', RESERVATIONS_PATH],
]);

/** Which settings are gone back to: for each path whether it is. */
export type WantedPaths = (path: string) => boolean;

/** The indexes of paths that no update has. */
export function unknownPaths(paths: readonly string[]): readonly number[] {
  return paths.flatMap((path, index) => (SETTINGS_PATHS.has(SAME_PATHS.get(path) ?? path) ? [] : [index]));
}

/**
 * Says which settings a revert goes back to.
 * @param paths null for all of them
 * @param isOtherHardware whether the hardware was replaced since: the new one keeps what belongs to it unless it is named
 */
export function wantedPaths(paths: readonly string[] | null, isOtherHardware: boolean): WantedPaths {
  if (paths === null) return (path) => !(isOtherHardware && HARDWARE_FIELDS.includes(path));
  const named = new Set(paths.map((path) => SAME_PATHS.get(path) ?? path));
  return (path) => named.has(path);
}

/** The update that brings settings of an earlier version back. A field of a section that was not there is cleared. */
export function revertPatch(
  current: Pick<DeviceSettings<unknown>, 'wifi' | 'dhcp'>,
  earlier: DeviceSettings,
  isWanted: WantedPaths,
): DevicePatch {
  const texts = TEXT_FIELDS.filter(isWanted).map((field) => [field, earlier[field]] as const);
  const wifi = sectionPatch('wifi', WIFI_DEFAULTS, current.wifi, earlier.wifi, isWanted);
  const dhcp = sectionPatch('dhcp', DHCP_DEFAULTS, current.dhcp, earlier.dhcp, isWanted);
  return {
    ...Object.fromEntries(texts),
    ...(wifi !== undefined && { wifi }),
    ...(dhcp !== undefined && { dhcp }),
  };
}

/** The patch of one section; undefined where it stays as it is. */
function sectionPatch<Section extends object>(
  name: string,
  fields: Section,
  current: object | null,
  earlier: Section | null,
  isWanted: WantedPaths,
): { readonly [Field in keyof Section]?: Section[Field] | null } | null | undefined {
  if (isWanted(name)) return earlier;
  const patch: { [Field in keyof Section]?: Section[Field] | null } = {};
  let isEmpty = true;
  for (const field in fields) {
    if (!isWanted(`${name}.${field}`)) continue;
    patch[field] = earlier === null ? null : earlier[field];
    isEmpty = false;
  }
  // To clear fields of a section that is not there would bring it.
  return isEmpty || (current === null && earlier === null) ? undefined : patch;
}
