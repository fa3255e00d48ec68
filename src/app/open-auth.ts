import type { Logger } from 'pino';
import { type Authenticate, type LimitValidations } from '../auth/credential.js';
import { bearerAuthenticator, JWKS_ALGORITHMS } from '../auth/bearer.js';
import { issuerKeys } from '../auth/issuer-keys.js';
import { type LocalIssuer, localIssuer } from '../auth/local-issuer.js';
import { platformAuthenticator } from '../auth/platform-token.js';
import type { Settings } from '../config/settings.js';
import { describeCause } from '../logging/log.js';
import { dataDirIssuerKey } from '../data-dir/secrets.js';

interface Auth {
  readonly authenticate: Authenticate;
  /** Undefined with an external issuer. */
  readonly issuer: LocalIssuer | undefined;
}

/** Says who sends requests, as the settings name the issuer. */
export async function openAuth(
  { issuer, dataDir }: Settings,
  limit: LimitValidations,
  log: Logger,
  onIssuerFailed: () => void,
): Promise<Auth> {
  const onError = (error: unknown): void => {
    onIssuerFailed();
    log.warn({ cause: describeCause(error) }, 'issuer away');
  };
  switch (issuer.kind) {
    case 'platform': {
      const authenticate = platformAuthenticator(issuer.validateTokenUrl, limit, Date.now, onError);
      return { authenticate, issuer: undefined };
    }
    case 'external': {
      const key = issuerKeys(new URL(issuer.jwksUrl), { onError, now: Date.now });
      const rules = { key, issuer: issuer.issuer, audience: issuer.audience, algorithms: JWKS_ALGORITHMS };
      return { authenticate: bearerAuthenticator(rules, limit, Date.now), issuer: undefined };
    }
    case 'local': {
      const local = localIssuer(await dataDirIssuerKey(dataDir));
      return { authenticate: bearerAuthenticator(local.rules, limit, Date.now), issuer: local };
    }
  }
}
