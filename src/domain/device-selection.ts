/**
 * What of a device is read: dotted names of its fields, e.g. `name` and `wifi.ssid`. Whether a section is there at all goes
 * by its own name, e.g. `wifi`. The id is always read.
 */
export type DeviceSelection = ReadonlySet<string> | 'whole';

/** Whether a field, or a section, is read. */
export function isSelected(selection: DeviceSelection, name: string): boolean {
  return selection === 'whole' || name === 'id' || selection.has(name);
}
