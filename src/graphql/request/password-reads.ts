import { viewerOf } from '../../auth/credential.js';
import type { WifiPasswordField } from '../../domain/wifi.js';
import { logReadPasswords } from '../../logging/log.js';
import type { GatewayContext } from './context.js';

/** WiFi passwords that were handed out: dotted paths by device. */
export type PasswordReads = ReadonlyMap<string, readonly string[]>;

/** Those of requests that are being executed, until they are taken. */
const reads = new WeakMap<GatewayContext, Map<string, string[]>>();

/** Remembers that the request got to see a password. */
export function notePasswordRead(context: GatewayContext, deviceId: string, field: WifiPasswordField): void {
  const devices = reads.get(context) ?? new Map<string, string[]>();
  reads.set(context, devices);
  const path = `wifi.${field}`;
  const paths = devices.get(deviceId);
  if (paths === undefined) devices.set(deviceId, [path]);
  else if (!paths.includes(path)) paths.push(path);
}

/** The passwords that a request got to see since the last time; undefined for none. */
export function takePasswordReads(context: GatewayContext): PasswordReads | undefined {
  const devices = reads.get(context);
  reads.delete(context);
  return devices;
}

/** Logs who got to see which passwords. */
export function logPasswordReads(context: GatewayContext, fieldsByDevice: PasswordReads | undefined): void {
  if (fieldsByDevice === undefined) return;
  const { requestId, log } = context;
  const { subject, level } = viewerOf(context.credential);
  logReadPasswords(log, { requestId, subject, accessLevel: level, fieldsByDevice });
}
