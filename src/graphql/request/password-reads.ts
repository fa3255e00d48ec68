import { viewerOf } from '../../auth/credential.js';
import type { WifiPasswordField } from '../../domain/wifi.js';
import { logPasswordRead } from '../../logging/log.js';
import type { GatewayContext } from './context.js';

/** WiFi passwords that were handed out, by device. */
export type PasswordReads = ReadonlyMap<string, ReadonlySet<WifiPasswordField>>;

/** Those of requests that are being executed, until they are taken. */
const reads = new WeakMap<GatewayContext, Map<string, Set<WifiPasswordField>>>();

/** Remembers that the request got to see a password. */
export function notePasswordRead(context: GatewayContext, deviceId: string, field: WifiPasswordField): void {
  const devices = reads.get(context) ?? new Map<string, Set<WifiPasswordField>>();
  reads.set(context, devices.set(deviceId, (devices.get(deviceId) ?? new Set()).add(field)));
}

/** The passwords that a request got to see since the last time; undefined for none. */
export function takePasswordReads(context: GatewayContext): PasswordReads | undefined {
  const devices = reads.get(context);
  reads.delete(context);
  return devices;
}

/** Logs who got to see which passwords: one line for each device. */
export function logPasswordReads(context: GatewayContext, devices: PasswordReads | undefined): void {
  if (devices === undefined) return;
  const { requestId, log } = context;
  const { subject, level } = viewerOf(context.credential);
  for (const [deviceId, seen] of devices) {
    const fields = [...seen].map((field) => `wifi.${field}`);
    logPasswordRead(log, { requestId, subject, accessLevel: level, deviceId, fields });
  }
}
