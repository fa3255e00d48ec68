/** What a device last reported of itself; every part may be unknown. */
export interface DeviceStatus {
  /** True when the last settings reached the device; the provisioning jobs own it. */
  readonly provisioned: boolean | null;
  readonly lastComm: Date | null;
  readonly online: boolean | null;
  readonly lanIp: string | null;
  readonly subnetMask: string | null;
  readonly gateway: string | null;
  readonly wanIp: string | null;
  readonly publicIp: string | null;
  readonly upTimeSeconds: number | null;
  readonly dns: string | null;
  readonly dns2: string | null;
  readonly ipv6: string | null;
  readonly ipv6Dns: string | null;
  readonly ipv6Dns2: string | null;
  /** The page's code as stored, e.g. "1"; see sim-status.ts. */
  readonly simStatusCode: string | null;
  /** The page's code as stored, e.g. "32"; see network-type.ts. */
  readonly networkTypeCode: string | null;
  readonly signalStrength: number | null;
  readonly ssSignalStrength: number | null;
  readonly uplinkRateKbps: number | null;
  readonly downlinkRateKbps: number | null;
  readonly connectionSeconds: number | null;
}

/** The status of a device that never reported. */
export const UNREPORTED_STATUS: DeviceStatus = {
  provisioned: null,
  lastComm: null,
  online: null,
  lanIp: null,
  subnetMask: null,
  gateway: null,
  wanIp: null,
  publicIp: null,
  upTimeSeconds: null,
  dns: null,
  dns2: null,
  ipv6: null,
  ipv6Dns: null,
  ipv6Dns2: null,
  simStatusCode: null,
  networkTypeCode: null,
  signalStrength: null,
  ssSignalStrength: null,
  uplinkRateKbps: null,
  downlinkRateKbps: null,
  connectionSeconds: null,
};
