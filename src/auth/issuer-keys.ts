import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { askIssuer, IssuerError } from './ask-issuer.js';

/** From this age on keys are fetched anew, beside the requests that go on using them. */
const REFRESH_MS = 5 * 60_000;

/** An issuer that is away issues nothing; what it issued before has expired by then, and a stolen key must not live for ever. */
const MAX_AGE_MS = 24 * 3_600_000;

/** Minimum time between a fetch that failed, or did not find the key, and the next one. */
const COOLDOWN_MS = 2_000;

type KeySet = ReturnType<typeof createLocalJWKSet>;

/** What jose does not check when it picks a key: that there is a list of them (RFC 7517, 5). */
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** What the keys are fetched with. */
interface IssuerKeyParts {
  /** Called after every failed fetch: cached keys hide it from clients. */
  readonly onError: (rejection: unknown) => void;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * The public keys of an issuer, by the `kid` of a token. A new key is found at once; keys that are known go on
 * working for a day while the issuer is away.
 */
export function issuerKeys(url: URL, { onError, now }: IssuerKeyParts): JWTVerifyGetKey {
  let known: { readonly keys: KeySet; readonly fetchedAt: number } | undefined;
  let pending: Promise<KeySet> | undefined;
  let failed: { readonly error: unknown; readonly at: number } | undefined;
  let searchedAt = -Infinity;

  const load = async (): Promise<KeySet> => {
    try {
      const keys = await fetchKeys(url);
      known = { keys, fetchedAt: now() };
      failed = undefined;
      return keys;
    } catch (error) {
      failed = { error, at: now() };
      onError(error);
      throw error;
    } finally {
      pending = undefined;
    }
  };
  const refresh = async (): Promise<KeySet> => {
    if (failed !== undefined && now() - failed.at < COOLDOWN_MS) throw failed.error;
    pending ??= load();
    return await pending;
  };
  const current = async (): Promise<KeySet> => {
    const age = known === undefined ? Infinity : now() - known.fetchedAt;
    if (known === undefined || age >= MAX_AGE_MS) return await refresh();
    if (age >= REFRESH_MS) refresh().catch(() => undefined);
    return known.keys;
  };
  return async (header, token) => {
    const keys = await current();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (pending === undefined && now() - searchedAt < COOLDOWN_MS) {
        throw failed === undefined ? error : failed.error;
      }
      searchedAt = now();
      const newer = await refresh();
      return await newer(header, token);
    }
  };
}

async function fetchKeys(url: URL): Promise<KeySet> {
  const { status, body } = await askIssuer(url);
  if (status !== 200) throw new IssuerError(`The issuer answered ${status} instead of its keys.`);
  const { data } = keySet.safeParse(body);
  if (data === undefined) throw new IssuerError('The issuer answered what is no set of keys.');
  return createLocalJWKSet(data);
}
