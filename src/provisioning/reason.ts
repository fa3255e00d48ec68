import { codePoints } from '../domain/text.js';
import { MAX_ERROR_LENGTH } from '../domain/provisioning-job.js';
import type { WifiSettings } from '../domain/wifi.js';

/**
 * A reason as it may be stored and shown: one line, no longer than a job's error may be, and without the passwords
 * that were sent, should whoever refused them repeat them.
 */
export function presentableReason(reason: string, wifi: WifiSettings | null): string {
  const secrets = [wifi?.password, wifi?.password5G, wifi?.password6G];
  const spellings = secrets.flatMap((secret) =>
    // As it is, as JSON and in a URL; the longest first, so that no part of one is left.
    secret === undefined || secret === null
      ? []
      : [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)],
  );
  const clean = spellings
    .toSorted((one, other) => other.length - one.length)
    .reduce((text, spelling) => text.replaceAll(spelling, '…'), reason)
    .replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ')
    .trim();
  return codePoints(clean) <= MAX_ERROR_LENGTH
    ? clean
    : Array.from(clean).slice(0, MAX_ERROR_LENGTH).join('');
}
