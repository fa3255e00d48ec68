import { STOP_WAITS, type StopWaits } from '../http/server.js';

/** Times that tests shorten, in milliseconds. */
export interface Intervals {
  /** How often the credentials of a running subscription are asked for again. */
  readonly credentialRecheckMs: number;
  /** How often changes are read without a notification. */
  readonly heartbeatMs: number;
  /** How often WebSocket clients are pinged; one that has not answered by the next time is disconnected. */
  readonly pingMs: number;
  /** How long a client may take to read what is left of a stream, or to answer the end of a connection. */
  readonly closeMs: number;
  readonly stopWaits: StopWaits;
}

export const INTERVALS: Intervals = {
  credentialRecheckMs: 60_000,
  heartbeatMs: 1_000,
  pingMs: 12_000,
  closeMs: 3_000,
  stopWaits: STOP_WAITS,
};
