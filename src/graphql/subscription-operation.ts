import { randomUUID } from 'node:crypto';
import type { DocumentNode } from 'graphql';
import type { Logger } from 'pino';
import type { Credential } from '../auth/credential.js';
import { watchCredential } from '../auth/credential-watch.js';
import type { SubscriptionLifetime } from '../operations/watch-network-devices.js';
import type { GatewayContext, GatewayParts } from './context.js';

/** What subscriptions are run with. */
export interface SubscriptionParts {
  readonly gateway: GatewayParts;
  readonly log: Logger;
  /** How often the credentials of a running subscription are judged anew, in milliseconds. */
  readonly credentialRecheckMs: number;
}

/** One operation of a WebSocket client: the context of its resolvers, for as long as it runs. */
export class SubscriptionOperation implements GatewayContext {
  readonly requestId = randomUUID();
  readonly parts: GatewayParts;
  readonly log: Logger;
  readonly lifetime: SubscriptionLifetime;
  /** Undefined until it is parsed. */
  document: DocumentNode | undefined;
  readonly #ending = new AbortController();

  /** As it was judged last. */
  credential: Credential = { fault: 'credentials_invalid' };

  constructor(
    { gateway, log }: Pick<SubscriptionParts, 'gateway' | 'log'>,
    onOverload: SubscriptionLifetime['onOverload'],
  ) {
    this.parts = gateway;
    this.log = log;
    this.lifetime = { signal: this.#ending.signal, onOverload };
  }

  /** Ends it with its credentials. @param ask judges them anew */
  watchCredential(ask: () => Promise<Credential>, everyMs: number): void {
    const stop = watchCredential(this.credential, {
      ask,
      everyMs,
      onRenewed: (credential) => (this.credential = credential),
      onEnd: (error) => this.#ending.abort(error),
    });
    this.onEnd(stop);
  }

  /** Called once, as soon as it is over. */
  onEnd(listener: () => void): void {
    this.#ending.signal.addEventListener('abort', listener, { once: true });
  }

  /** Ends it, without telling the client. */
  end(): void {
    this.#ending.abort();
  }
}
