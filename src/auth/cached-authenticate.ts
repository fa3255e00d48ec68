import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Authenticate, Credential } from './credential.js';

/** How long credentials are cached. */
interface CacheRules {
  /** How long a viewer is kept, in milliseconds; never beyond the expiry of its token. */
  readonly viewerMs: number;
  /** How long a refusal is kept, in milliseconds; 0 keeps none. */
  readonly refusalMs: number;
  /** Maximum number of each; the least recently used is dropped first. */
  readonly maxEntries: number;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Caches credentials by a hash of token and address; requests with one token at the same time share one authentication.
 * A `failure` is not cached: it says nothing of the token.
 */
export function cachedAuthenticate(authenticate: Authenticate, rules: CacheRules): Authenticate {
  const { viewerMs, refusalMs, maxEntries, now } = rules;
  const viewers = new LRUCache<string, Entry>({ max: maxEntries });
  // Apart, so that a flood of bad tokens pushes nobody out.
  const refusals = new LRUCache<string, Entry>({ max: maxEntries });
  const pending = new Map<string, Promise<Credential>>();

  const fresh = (entry: Entry | undefined): Entry | undefined =>
    entry !== undefined && entry.until > now() ? entry : undefined;
  const keep = (key: string, credential: Credential): void => {
    if ('failure' in credential) return;
    const isViewer = 'viewer' in credential;
    const expiry = (isViewer ? credential.expiresAt?.getTime() : undefined) ?? Infinity;
    const until = Math.min(now() + (isViewer ? viewerMs : refusalMs), expiry);
    if (until > now()) (isViewer ? viewers : refusals).set(key, { credential, until });
  };
  const authenticateAndKeep = async (
    key: string,
    authorization: string,
    clientAddress: string,
  ): Promise<Credential> => {
    try {
      const credential = await authenticate(authorization, clientAddress);
      keep(key, credential);
      return credential;
    } finally {
      pending.delete(key);
    }
  };
  return async (authorization, clientAddress) => {
    if (authorization === undefined) return await authenticate(authorization, clientAddress);
    const key = keyOf(authorization, clientAddress);
    const kept = fresh(viewers.get(key)) ?? fresh(refusals.get(key));
    if (kept !== undefined) return kept.credential;
    const authentication = pending.get(key) ?? authenticateAndKeep(key, authorization, clientAddress);
    pending.set(key, authentication);
    return await authentication;
  };
}

/** Tokens themselves are not kept: a dump of the memory is not to hold thousands of them. */
function keyOf(authorization: string, clientAddress: string): string {
  return hash('sha256', `${clientAddress}\n${authorization}`, 'base64');
}

interface Entry {
  readonly credential: Credential;
  /** In milliseconds since 1970; not valid from then on. */
  readonly until: number;
}
