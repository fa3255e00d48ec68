import { MAX_ERROR_LENGTH } from '../domain/provisioning-job.js';
import { WIFI_PASSWORD_FIELDS, type WifiSettings } from '../domain/wifi.js';
import { cutSecrets } from './cut-secrets.js';

/** Maximum length of a reason that is looked at, in UTF-16 units. */
const MAX_SEEN = 8_000;
/** Nothing of a reason is shown from here on: a secret that begins before ends within what is looked at. */
const MAX_SHOWN = 4_000;

/**
 * A reason as it may be stored and shown to those who may read the passwords: one line, no longer than a job's error may be,
 * and without the passwords that were sent, should whoever refused them repeat them.
 */
export function presentableReason(reason: string, wifi: WifiSettings | null): string {
  const secrets = WIFI_PASSWORD_FIELDS.map((field) => wifi?.[field]).filter(
    (secret) => typeof secret === 'string',
  );
  const line = cutSecrets(reason.slice(0, MAX_SEEN), secrets, MAX_SHOWN)
    .replaceAll(/[\p{Cc}\p{Cs}]+/gu, ' ')
    .trim();
  return Array.from(line).slice(0, MAX_ERROR_LENGTH).join('');
}
