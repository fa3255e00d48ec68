import { randomBytes } from 'node:crypto';

/** A new id: the second that it is made in, then 64 random bits, so that it is higher than those of earlier seconds. */
export function newId(now: Date): string {
  const second = Math.floor(now.getTime() / 1_000);
  return second.toString(16).padStart(8, '0') + randomBytes(8).toString('hex');
}
