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
