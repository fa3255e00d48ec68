import type { SecretKey } from '../secrets/key-ring.js';

/** A key ring as text, read: its keys, or what is wrong with it (never the text itself). */
export type ParsedSecretKeys =
  | { readonly keys: readonly [SecretKey, ...SecretKey[]] }
  | { readonly errors: readonly string[] };

/** Reads `id:base64 of 32 bytes`, comma-separated; the first key encrypts, all of them decrypt. */
export function parseSecretKeys(text: string): ParsedSecretKeys {
  const keys: SecretKey[] = [];
  const errors: string[] = [];
  for (const [index, entry] of text.trim().split(',').entries()) {
    const place = `entry ${index + 1}`;
    const match = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/.exec(entry.trim());
    const [, id, base64] = match ?? [];
    if (id === undefined || base64 === undefined) {
      errors.push(`${place} is not "id:base64 of 32 bytes" (id: letters, digits, - and _)`);
      continue;
    }
    if (keys.some((key) => key.id === id)) errors.push(`${place} repeats the id "${id}"`);
    keys.push({ id, bytes: Buffer.from(base64, 'base64') });
  }
  const [first, ...others] = keys;
  return first === undefined || errors.length > 0 ? { errors } : { keys: [first, ...others] };
}
