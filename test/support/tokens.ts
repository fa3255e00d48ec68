import { type CryptoKey, type JWTPayload, SignJWT } from 'jose';
import type { TestGateway } from './gateway.js';

/** What a test puts into a token; undefined leaves a claim out. */
export type Claims = Readonly<Record<string, unknown>>;

const NAME = 'device-gateway';

/** Claims that the local issuer's tokens have, with what a test wants to be different. */
export function localClaims(customer: string, changes: Claims = {}): JWTPayload {
  return withoutUndefined({
    sub: 'employee-1',
    customer,
    accessLevel: 'OWNER',
    iss: NAME,
    aud: NAME,
    exp: secondsFromNow(300),
    ...changes,
  });
}

/** Seconds since 1970, as tokens count. */
export function secondsFromNow(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

function withoutUndefined(claims: Claims): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** Signs claims as they are. */
export async function sign(
  claims: JWTPayload,
  key: CryptoKey | Uint8Array,
  alg = 'HS256',
  kid?: string,
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) })
    .sign(key);
}

/** A token that nobody signed (`alg: none`). */
export function unsigned(claims: JWTPayload, signature = ''): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.${signature}`;
}

/** The key that the local issuer of a gateway signs with. */
export function localKey({ app }: TestGateway): Uint8Array {
  const key = app.issuer?.rules.key;
  if (!(key instanceof Uint8Array)) throw new Error('This gateway has no local issuer.');
  return key;
}
