import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import {
  ACCESS_LEVELS,
  type AccessLevel,
  isUsefulAlone,
  type Scope,
  SCOPES,
  type Viewer,
} from '../access/viewer.js';
import { parseId } from '../domain/id.js';
import { isStorable } from '../domain/text.js';
import { cachedAuthenticate } from './cached-authenticate.js';
import {
  type Authenticate,
  type Credential,
  type CredentialRejection,
  isPossibleExpiry,
  type ValidateToken,
  type LimitValidations,
} from './credential.js';

/** How tokens are verified: the key or keys, and what a token must say. */
export interface TokenRules {
  readonly key: Uint8Array | JWTVerifyGetKey;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
}

/** What an external issuer may sign with; its keys are public, so nothing symmetric. */
export const JWKS_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

/** Seconds by which the issuer's clock may be ahead of ours; a token that has expired by ours is not used any more. */
const CLOCK_TOLERANCE_S = 5;

/** Maximum time for which a token is still accepted after its key was withdrawn. */
const VIEWER_MS = 5 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * Validates bearer tokens that are JWTs. Good ones are remembered, because a signature costs more to verify than most
 * requests; bad ones are not, because anybody can make any number of them.
 * @param limit bounds the tokens that are verified
 * @param now milliseconds since 1970
 */
export function bearerAuthenticator(
  rules: TokenRules,
  limit: LimitValidations,
  now: () => number,
): Authenticate {
  const authenticate = withToken(limit(async (token) => await validate(token, rules, now)));
  return cachedAuthenticate(authenticate, {
    viewerMs: VIEWER_MS,
    refusalMs: 0,
    maxEntries: MAX_ENTRIES,
    now,
  });
}

/** Validates the token of a header; a header without one needs no validation. */
export function withToken(validateToken: ValidateToken): Authenticate {
  return async (authorization, clientAddress) => {
    const sent = bearerToken(authorization);
    return 'rejection' in sent ? sent : await validateToken(sent.token, clientAddress);
  };
}

/** The token of an `Authorization` header. */
function bearerToken(
  authorization: string | undefined,
): { readonly token: string } | { readonly rejection: CredentialRejection } {
  if (authorization === undefined || authorization.trim() === '') return { rejection: 'credentials_invalid' };
  const token = /^Bearer +([^\s]+) *$/i.exec(authorization)?.[1];
  return token === undefined ? { rejection: 'format_error' } : { token };
}

async function validate(token: string, rules: TokenRules, now: () => number): Promise<Credential> {
  try {
    const payload = await verify(token, rules);
    const viewer = toViewer(payload);
    const expiresAt = new Date((payload.exp ?? NaN) * 1_000);
    if (viewer === undefined || !isPossibleExpiry(expiresAt.getTime())) return { rejection: 'invalid_token' };
    return expiresAt.getTime() <= now() ? { rejection: 'expired' } : { viewer, expiresAt };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { rejection: 'expired' };
    const isTokenError = error instanceof errors.JOSEError && !(error instanceof errors.JWKSInvalid);
    return isTokenError ? { rejection: 'invalid_token' } : { failure: error };
  }
}

/** @throws JOSEError for a token that is not valid, anything else when its issuer fails */
async function verify(token: string, { key, issuer, audience, algorithms }: TokenRules): Promise<JWTPayload> {
  const options = {
    issuer,
    audience,
    algorithms: [...algorithms],
    requiredClaims: ['sub', 'exp', 'iss', 'aud'],
    clockTolerance: CLOCK_TOLERANCE_S,
  };
  if (typeof key !== 'function') return (await jwtVerify(token, key, options)).payload;
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return await verifyWithOneOf(error, token, options);
  }
}

/** A token that does not name its key may be signed with any of those that fit. */
async function verifyWithOneOf(
  keys: errors.JWKSMultipleMatchingKeys,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** The viewer that the claims describe, or undefined when they make no sense. */
function toViewer({ sub, customer, accessLevel, scope }: JWTPayload): Viewer | undefined {
  // Only types say that it is a text.
  if (typeof sub !== 'string' || sub === '' || !isStorable(sub)) return undefined;
  const level = ACCESS_LEVELS.find((candidate) => candidate === accessLevel) ?? null;
  const granted = typeof scope === 'string' ? scope.split(' ') : [];
  const scopes = SCOPES.filter((known) => granted.includes(known));
  if (level === null && (accessLevel !== undefined || !scopes.some(isUsefulAlone))) return undefined;
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
