import type { DhcpSettings } from '../domain/dhcp.js';
import type { WifiSettings } from '../domain/wifi.js';

/** The settings of a device on their way to it, or its removal: the JSON that an endpoint gets. Names and shapes are the REST page's. */
export interface ProvisioningOrder {
  /** There only for a removal, which has no settings. */
  readonly kind?: 'REMOVAL';
  readonly jobId: string;
  /** From 1. An attempt that was cut off comes again under the same number. */
  readonly attempt: number;
  readonly deviceId: string;
  /** Version of the settings. */
  readonly version: number;
  /** 12 lower-case hex digits. */
  readonly macAddress: string;
  readonly serialNumber: string | null;
  /** Id of the device model. */
  readonly model: string;
  /** With passwords in clear. */
  readonly wifi: WifiSettings | null;
  readonly dhcp: DhcpSettings | null;
}

/** How an attempt ended; a reason is a sentence for people. */
export type AttemptOutcome =
  | { readonly kind: 'applied' }
  /** Another attempt would end alike: the settings are not for this device. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Brings settings to a device. One call is one attempt.
 * @param signal aborted when the attempt is given up; its outcome is ignored then
 */
export type ProvisioningDriver = (order: ProvisioningOrder, signal: AbortSignal) => Promise<AttemptOutcome>;
