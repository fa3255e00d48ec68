import type { GatewayError } from '../errors/gateway-error.js';
import { type Credential, unauthenticated } from './credential.js';

/** What becomes of credentials that are in use for longer than one request. */
export interface CredentialWatch {
  /** Judges the credentials anew. */
  readonly ask: () => Promise<Credential>;
  /** How often that is done, in milliseconds. */
  readonly everyMs: number;
  /** The credentials still hold, perhaps with other rights. */
  readonly onRenewed: (credential: Credential) => void;
  /** They are worth nothing any more; nothing else is told after this. */
  readonly onEnd: (error: GatewayError) => void;
}

/**
 * Watches over credentials until they end: at the moment that they name, or when they are no longer known. An issuer
 * that cannot be asked ends nothing.
 * @returns stops watching
 */
export function watchCredential(first: Credential, watch: CredentialWatch): () => void {
  let latest = first;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = (error: GatewayError): void => {
    isOver = true;
    watch.onEnd(error);
  };
  const judge = (credential: Credential): void => {
    if (isOver) return;
    if ('fault' in credential) {
      end(unauthenticated(credential.fault));
      return;
    }
    if ('viewer' in credential) {
      latest = credential;
      watch.onRenewed(credential);
    }
    wait();
  };
  const wait = (): void => {
    const expiresAt = 'viewer' in latest ? latest.expiresAt : null;
    const left = expiresAt === null ? Infinity : expiresAt.getTime() - Date.now();
    const isLast = left <= watch.everyMs;
    const wake = isLast ? () => end(unauthenticated('expired')) : () => void watch.ask().then(judge);
    // A timer may be a millisecond early.
    timer = setTimeout(wake, isLast ? Math.max(left, 0) + 1 : watch.everyMs).unref();
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
