import type { GatewayError } from '../errors/gateway-error.js';
import { type Credential, type CredentialRejection, unauthenticated } from './credential.js';

/** What becomes of credentials that are in use for longer than one request. */
export interface CredentialWatch {
  /** Validates the credentials anew. */
  readonly ask: () => Promise<Credential>;
  /** How often that is done, in milliseconds. */
  readonly everyMs: number;
  /** The credentials are still valid, possibly with other rights. */
  readonly onRenewed: (credential: Credential) => void;
  /** Called last, when the credentials are not valid any more. */
  readonly onEnd: (error: GatewayError) => void;
}

/**
 * Watches credentials until they end. At the moment of expiry that they name they are validated anew: those of the
 * platform live longer when they are used. An issuer that is not available ends nothing before that.
 * @returns stops watching
 */
export function watchCredential(first: Credential, watch: CredentialWatch): () => void {
  let latest = first;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = (rejection: CredentialRejection): void => {
    isOver = true;
    watch.onEnd(unauthenticated(rejection));
  };
  const validate = (credential: Credential): void => {
    if (isOver) return;
    if ('viewer' in credential) latest = credential;
    if ('rejection' in credential) end(credential.rejection);
    else if (lifeLeft(latest) <= 0) end('expired');
    else {
      if ('viewer' in credential) watch.onRenewed(credential);
      wait();
    }
  };
  const wait = (): void => {
    // A timer may be a millisecond early.
    const pause = Math.min(Math.max(lifeLeft(latest), 0) + 1, watch.everyMs);
    timer = setTimeout(() => void watch.ask().then(validate), pause).unref();
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** In milliseconds. */
function lifeLeft(credential: Credential): number {
  const expiresAt = 'viewer' in credential ? credential.expiresAt : null;
  return expiresAt === null ? Infinity : expiresAt.getTime() - Date.now();
}
