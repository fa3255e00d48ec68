import { codePoints, isCleanText } from './text.js';

/** What kind of device a model is. */
export type DeviceModelType = 'ROUTER' | 'SWITCH' | 'FIREWALL' | 'ACCESSPOINT' | 'OTHER';

/** What the hardware of a model can do. */
export interface DeviceCapabilities {
  readonly wifi: boolean;
  readonly wifi2G: boolean;
  readonly wifi5G: boolean;
  readonly wifi6G: boolean;
  readonly simSupport: boolean;
}

/** The capabilities of hardware that can do everything. */
export const EVERY_CAPABILITY: DeviceCapabilities = {
  wifi: true,
  wifi2G: true,
  wifi5G: true,
  wifi6G: true,
  simSupport: true,
};

/** A model of network device. */
export interface DeviceModel {
  readonly id: string;
  readonly name: string;
  readonly type: DeviceModelType;
  readonly brand: string | null;
  readonly description: string | null;
  /** Id of the picture on the platform's image servers. */
  readonly picture: string | null;
  readonly capabilities: DeviceCapabilities;
}

/** Maximum length of a brand, in Unicode code points. */
export const MAX_BRAND = 100;

/** Maximum length of a description, in Unicode code points. */
export const MAX_DESCRIPTION = 4096;

/** Whether a text can be a brand. */
export function isBrand(text: string): boolean {
  return codePoints(text) <= MAX_BRAND && isCleanText(text);
}

/** Whether a text can be a description. */
export function isDescription(text: string): boolean {
  return codePoints(text) <= MAX_DESCRIPTION && isCleanText(text);
}
