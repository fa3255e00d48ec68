import { viewerOf } from '../auth/credential.js';
import type { WifiPasswordField } from '../domain/wifi.js';
import { logPasswordRead } from '../logging/log.js';
import type { GatewayContext } from './context.js';

/** WiFi passwords that were handed out, by context and device, until they are logged. */
const reads = new WeakMap<GatewayContext, Map<string, Set<WifiPasswordField>>>();

/** Remembers that the request got to see a password. */
export function notePasswordRead(context: GatewayContext, deviceId: string, field: WifiPasswordField): void {
  const devices = reads.get(context) ?? new Map<string, Set<WifiPasswordField>>();
  reads.set(context, devices.set(deviceId, (devices.get(deviceId) ?? new Set()).add(field)));
}

/** Logs who got to see which passwords since the last time: one line for each device. */
export function logPasswordReads(context: GatewayContext): void {
  const devices = reads.get(context);
  if (devices === undefined) return;
  reads.delete(context);
  const { requestId, log } = context;
  const { subject, level } = viewerOf(context.credential);
  for (const [deviceId, seen] of devices) {
    const fields = [...seen].map((field) => `wifi.${field}`);
    logPasswordRead(log, { requestId, subject, accessLevel: level, deviceId, fields });
  }
}
