import { GatewayError } from './gateway-error.js';

/**
 * Runs what concerns one device; every error that it fails with names the device. Portals need that: in a batched
 * request the path of an error does not say which of many devices it is about.
 * @param deviceId in normal form, or the beginning of what the client wrote when it is no id (`shownId`)
 */
export async function withDeviceId<T>(deviceId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw errorWithDeviceId(error, deviceId);
  }
}

/** The error of something that concerns a device, which it names; what is not ours becomes INTERNAL_ERROR. */
export function errorWithDeviceId(error: unknown, deviceId: string): GatewayError {
  if (!(error instanceof GatewayError))
    return new GatewayError('INTERNAL_ERROR', { deviceId }, { cause: error });
  if (error.facts.deviceId !== undefined) return error;
  return new GatewayError(error.code, { ...error.facts, deviceId }, { cause: error.cause });
}
