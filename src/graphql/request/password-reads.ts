import { viewerOf } from '../../auth/credential.js';
import type { WifiPasswordField } from '../../domain/wifi.js';
import { logReadPasswords, type PasswordsOfDevices } from '../../logging/log.js';
import type { GatewayContext } from './context.js';

/** WiFi passwords that were handed out, by the version of the device that they are of; undefined for the device as it is. */
export type PasswordReads = ReadonlyMap<number | undefined, PasswordsOfDevices>;

/** Those of requests that are being executed, until they are taken. */
const reads = new WeakMap<GatewayContext, Map<number | undefined, Map<string, string[]>>>();

/**
 * Remembers that the request read a password.
 * @param version of a password as it was at a version of the device; undefined for the device as it is
 */
export function notePasswordRead(
  context: GatewayContext,
  deviceId: string,
  field: WifiPasswordField,
  version: number | undefined,
): void {
  const versions = reads.get(context) ?? new Map<number | undefined, Map<string, string[]>>();
  reads.set(context, versions);
  const devices = versions.get(version) ?? new Map<string, string[]>();
  versions.set(version, devices);
  const path = `wifi.${field}`;
  const paths = devices.get(deviceId);
  if (paths === undefined) devices.set(deviceId, [path]);
  else if (!paths.includes(path)) paths.push(path);
}

/** The passwords that a request read since the last time; undefined for none. */
export function takePasswordReads(context: GatewayContext): PasswordReads | undefined {
  const versions = reads.get(context);
  reads.delete(context);
  return versions;
}

/** Logs who read which passwords. */
export function logPasswordReads(context: GatewayContext, byVersion: PasswordReads | undefined): void {
  if (byVersion === undefined) return;
  const { requestId, log } = context;
  const { subject, level } = viewerOf(context.credential);
  logReadPasswords(log, { requestId, subject, accessLevel: level, byVersion });
}
