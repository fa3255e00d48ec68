import { SignJWT } from 'jose';
import type { TokenClaims, TokenRules } from './bearer.js';

const NAME = 'device-gateway';
const ALGORITHM = 'HS256';

/** The issuer for development: whoever can read its key in DATA_DIR may be anybody. */
export interface LocalIssuer {
  readonly rules: TokenRules;
  /** @param ttl how long the token is valid, e.g. `15m` */
  readonly issue: (claims: TokenClaims, ttl: string) => Promise<string>;
}

/** @param key 32 bytes */
export function localIssuer(key: Uint8Array): LocalIssuer {
  return {
    rules: { key, issuer: NAME, audience: NAME, algorithms: [ALGORITHM] },
    issue: async ({ subject, customerId, level, scope }, ttl) =>
      await new SignJWT({ customer: customerId, accessLevel: level, scope })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setSubject(subject)
        .setIssuer(NAME)
        .setAudience(NAME)
        .setIssuedAt()
        .setExpirationTime(ttl)
        .sign(key),
  };
}
