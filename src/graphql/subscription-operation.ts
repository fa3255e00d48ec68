import { randomUUID } from 'node:crypto';
import type { DocumentNode } from 'graphql';
import type { Logger } from 'pino';
import type { Credential } from '../auth/credential.js';
import { watchCredential } from '../auth/credential-watch.js';
import type { GatewayError } from '../errors/gateway-error.js';
import type { SubscriptionLifetime } from '../operations/watch-network-devices.js';
import type { GatewayContext, GatewayParts } from './context.js';

/** What subscriptions are run with. */
export interface SubscriptionParts {
  readonly gateway: GatewayParts;
  readonly log: Logger;
  readonly metrics: OperationMetrics;
  /** How often the credentials of a running subscription are judged anew, in milliseconds. */
  readonly credentialRecheckMs: number;
}

/** Who is told what became of operations. */
export interface OperationMetrics {
  /**
   * An operation has ended, or was refused.
   * @param type query, mutation or subscription; unknown for a document that was not read, or is not valid
   * @param codes `extensions.code` of the errors that it ended with; none when it ended well
   */
  readonly operationEnded: (type: string, codes: readonly string[]) => void;
  /** An event held an error; the operation goes on. */
  readonly errorAnswered: (code: string) => void;
}

/** One operation of a WebSocket client: the context of its resolvers, for as long as it runs. */
export class SubscriptionOperation implements GatewayContext {
  readonly requestId = randomUUID();
  readonly parts: GatewayParts;
  readonly log: Logger;
  readonly lifetime: SubscriptionLifetime;
  /** Undefined until it is parsed. */
  document: DocumentNode | undefined;
  /** For the metrics. */
  type = 'unknown';
  readonly #metrics: OperationMetrics;
  readonly #ending = new AbortController();

  /** As it was judged last. */
  credential: Credential = { fault: 'credentials_invalid' };

  constructor({ gateway, log, metrics }: SubscriptionParts, onOverload: SubscriptionLifetime['onOverload']) {
    this.parts = gateway;
    this.log = log;
    this.#metrics = metrics;
    this.lifetime = { signal: this.#ending.signal, onOverload };
  }

  /** Ends it with its credentials. @param ask judges them anew */
  watchCredential(ask: () => Promise<Credential>, everyMs: number): void {
    // Its client may have gone while it was admitted.
    if (this.#ending.signal.aborted) return;
    const stop = watchCredential(this.credential, {
      ask,
      everyMs,
      onRenewed: (credential) => (this.credential = credential),
      onEnd: (error) => this.#end([error.code], error),
    });
    this.onEnd(stop);
  }

  /** Called once, as soon as it is over. */
  onEnd(listener: () => void): void {
    this.#ending.signal.addEventListener('abort', listener, { once: true });
  }

  /** Ends it, without telling the client. @param codes of the errors that the client is told, if any */
  end(codes: readonly string[] = []): void {
    this.#end(codes);
  }

  #end(codes: readonly string[], reason?: GatewayError): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(reason);
    this.#metrics.operationEnded(this.type, codes);
  }
}
