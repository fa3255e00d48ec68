import type { StoredDevice } from '../secrets/device-secrets.js';

/**
 * What becomes of WiFi passwords in an answer: shown, refused with an error at their place (one device asked for
 * by its id), or left out in silence (lists and batches).
 */
export type PasswordAccess = 'shown' | 'refused' | 'hidden';

/** A device as one viewer gets it. */
export interface DeviceView {
  readonly device: StoredDevice;
  readonly passwords: PasswordAccess;
  /** Set where the call repeats an earlier one, which had the effect: the device is as it is now. */
  readonly isReplay?: true;
}

/** A device as somebody gets it who reports its status and may not read it, or who repeats its deletion when it is gone. */
export interface IdentityView {
  readonly identityOf: {
    readonly id: string;
    readonly version: number | null;
    readonly state?: 'DELETING';
  };
}
