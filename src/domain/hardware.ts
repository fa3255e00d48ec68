import type { DeviceSettings } from './device.js';
import type { DeviceCapabilities } from './device-model.js';

/** Hardware that is to take the place of a device's, as a client wrote it. */
export interface ReplacingHardware {
  readonly macAddress: string;
  /** Id of its model; null: the model stays. */
  readonly model: string | null;
  readonly serialNumber: string | null;
  /** Switch off what its model cannot do, instead of refusing the replacement for it. */
  readonly dropUnsupported: boolean;
}

/** The settings with what hardware cannot do switched off: bands that it lacks, and the account of a SIM card that it does not take. */
export function withoutUnsupported(
  settings: DeviceSettings,
  { wifi: hasWifi, wifi2G, wifi5G, wifi6G, simSupport }: DeviceCapabilities,
): DeviceSettings {
  const { wifi, mvnoAccount } = settings;
  return {
    ...settings,
    mvnoAccount: simSupport ? mvnoAccount : null,
    wifi: wifi && {
      ...wifi,
      enabled: wifi.enabled && hasWifi && wifi2G,
      enabled5G: wifi.enabled5G && hasWifi && wifi5G,
      enabled6G: wifi.enabled6G && hasWifi && wifi6G,
    },
  };
}
