import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { ACCESS_LEVELS, type AccessLevel, type Scope, SCOPES, type Viewer } from '../access/viewer.js';
import { parseId } from '../domain/id.js';
import type { Authenticate, Credential } from './credential.js';

/** How tokens are verified: the key or keys, and what a token must say. */
export interface TokenRules {
  readonly key: Uint8Array | JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
}

/** The rules for tokens of an external issuer, which publishes its keys at a URL. */
export function externalTokenRules(jwksUrl: string, issuer: string, audience: string): TokenRules {
  return {
    key: createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 5_000 }),
    issuer,
    audience,
    algorithms: ['RS256', 'ES256', 'EdDSA'],
  };
}

/** Codes of jose for an issuer that cannot be asked: no answer, an answer that is not 200, one that is no key set. */
const ISSUER_FAULTS: ReadonlySet<string> = new Set([
  'ERR_JOSE_GENERIC',
  'ERR_JWKS_INVALID',
  'ERR_JWKS_TIMEOUT',
]);

/** Judges bearer tokens that are JWTs. */
export function bearerAuthenticator(rules: TokenRules): Authenticate {
  return async (authorization) => {
    if (authorization === undefined || authorization.trim() === '') return { fault: 'credentials_invalid' };
    const token = /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1];
    if (token === undefined) return { fault: 'format_error' };
    return await verify(token, rules);
  };
}

async function verify(token: string, { key, issuer, audience, algorithms }: TokenRules): Promise<Credential> {
  const options = {
    issuer,
    audience,
    algorithms: [...algorithms],
    requiredClaims: ['sub', 'exp', 'iss', 'aud'],
  };
  try {
    const { payload } = await (typeof key === 'function'
      ? jwtVerify(token, key, options)
      : jwtVerify(token, key, options));
    const viewer = toViewer(payload);
    if (viewer === undefined || payload.exp === undefined) return { fault: 'invalid_token' };
    return { viewer, expiresAt: new Date(payload.exp * 1_000) };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { fault: 'expired' };
    const isTokenFault = error instanceof errors.JOSEError && !ISSUER_FAULTS.has(error.code);
    return isTokenFault ? { fault: 'invalid_token' } : { failure: error };
  }
}

/** The viewer that the claims speak of, or undefined when they make no sense. */
function toViewer({ sub, customer, accessLevel, scope }: JWTPayload): Viewer | undefined {
  if (sub === undefined || sub === '') return undefined;
  const level = ACCESS_LEVELS.find((candidate) => candidate === accessLevel) ?? null;
  const granted = typeof scope === 'string' ? scope.split(' ') : [];
  const scopes = SCOPES.filter((known) => granted.includes(known));
  if (level === null && (accessLevel !== undefined || scopes.length === 0)) return undefined;
  if (customer === undefined || customer === null) return { subject: sub, level, customerId: null, scopes };
  const customerId = typeof customer === 'string' ? parseId(customer) : undefined;
  return customerId === undefined ? undefined : { subject: sub, level, customerId, scopes };
}

/** The claims of a token, for issuing one: a level, a scope, or both. */
export interface TokenClaims {
  readonly subject: string;
  readonly customerId?: string;
  readonly level?: AccessLevel;
  readonly scope?: Scope;
}
