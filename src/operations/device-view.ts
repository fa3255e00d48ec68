import type { StoredDevice } from '../persistence/device-row.js';

/**
 * What becomes of WiFi passwords in an answer: shown, refused with an error at their place (one device asked for
 * by its id), or left out in silence (lists and batches).
 */
export type PasswordAccess = 'shown' | 'refused' | 'hidden';

/** A device as one viewer gets it. */
export interface DeviceView {
  readonly device: StoredDevice;
  readonly passwords: PasswordAccess;
}

/**
 * A device as a viewer gets it who may not read it but reports its status: what it could know from its own reports,
 * and the version, which the schema cannot leave out.
 */
export interface StatusView {
  readonly statusOf: Pick<StoredDevice, 'id' | 'version' | 'status'>;
}
