import { GatewayError } from './gateway-error.js';

/**
 * Runs what concerns one device; every error that it fails with names the device. Portals need that: in a batched
 * request the path of an error does not tell which of many devices it is about.
 * @param deviceId in normal form, or the beginning of what the client wrote when it is no id (`shownId`)
 */
export async function aboutDevice<T>(deviceId: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GatewayError))
      throw new GatewayError('INTERNAL_ERROR', { deviceId }, { cause: error });
    if (error.facts.deviceId !== undefined) throw error;
    throw new GatewayError(error.code, { ...error.facts, deviceId }, { cause: error.cause });
  }
}
