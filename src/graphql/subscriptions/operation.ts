import { randomUUID } from 'node:crypto';
import type { DocumentNode } from 'graphql';
import type { Logger } from 'pino';
import type { Viewer } from '../../access/viewer.js';
import type { Credential } from '../../auth/credential.js';
import { watchCredential } from '../../auth/credential-watch.js';
import type { GatewayError } from '../../errors/gateway-error.js';
import type { SubscriptionLifetime } from '../../operations/watch-network-devices.js';
import type { AnswerMeter } from '../request/answer-meter.js';
import type { GatewayContext, GatewayParts } from '../request/context.js';
import type { DeliveryParts } from './response-stream.js';
import type { RunningRequest } from './running-requests.js';

/** What subscriptions are run with. */
export interface SubscriptionParts {
  readonly gateway: GatewayParts;
  readonly log: Logger;
  readonly metrics: OperationMetrics;
  /** How often the credentials of a running subscription are validated anew, in milliseconds. */
  readonly credentialRecheckMs: number;
  /** Waits for an event's turn among those of all subscriptions. */
  readonly takeTurn: () => Promise<void>;
}

/** Called when operations end. */
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

/** What an operation needs of the connection to its client, of whichever transport. */
export interface ClientEnd {
  /** Of a request that has an id of its own. */
  readonly requestId?: string;
  readonly onOverload: SubscriptionLifetime['onOverload'];
  readonly acquireDelivery: DeliveryParts['acquire'];
}

/** One operation of a client that subscribes: the context of its resolvers, for as long as it runs. */
export class SubscriptionOperation implements GatewayContext {
  readonly requestId: string;
  readonly parts: GatewayParts;
  readonly log: Logger;
  readonly lifetime: SubscriptionLifetime;
  readonly acquireDelivery: DeliveryParts['acquire'];
  /** What it was refused for; undefined until it is parsed, and for one that runs. */
  #refused: DocumentNode | undefined;
  #request: RunningRequest | undefined;
  /** Measures the event that is executed; undefined when it cannot be too long. */
  meter: AnswerMeter | undefined;
  /** For the metrics. */
  type = 'unknown';
  readonly #metrics: OperationMetrics;
  readonly #ending = new AbortController();

  #credential: Credential = { rejection: 'credentials_invalid' };
  #rights = '';

  /** @param client the end of it that its transport has */
  constructor(
    { gateway, log, metrics }: SubscriptionParts,
    { requestId = randomUUID(), onOverload, acquireDelivery }: ClientEnd,
  ) {
    this.requestId = requestId;
    this.parts = gateway;
    this.log = log;
    this.#metrics = metrics;
    this.acquireDelivery = acquireDelivery;
    this.lifetime = {
      signal: this.#ending.signal,
      onOverload,
      shareKey: () => `${this.#request?.key ?? this.requestId} ${this.#rights}`,
      request: () => ({ key: this.#request?.key ?? this.requestId, bytes: this.#request?.bytes ?? 0 }),
    };
  }

  /** As of its latest validation. */
  get credential(): Credential {
    return this.#credential;
  }

  set credential(credential: Credential) {
    this.#credential = credential;
    this.#rights = 'viewer' in credential ? rightsOf(credential.viewer) : '';
  }

  /** Equal for viewers who see the same. */
  get rights(): string {
    return this.#rights;
  }

  /** The document that it has, or was refused for; undefined until it is parsed. */
  get document(): DocumentNode | undefined {
    return this.#request?.prepared.document ?? this.#refused;
  }

  /** What is executed; undefined until that is known, and for one that was refused. */
  get request(): RunningRequest | undefined {
    return this.#request;
  }

  /** It is to be executed; the request is released with its end. */
  run(request: RunningRequest, release: () => void): void {
    this.#request = request;
    this.type = 'subscription';
    this.onEnd(release);
  }

  /** It is not to be executed. */
  refuse(document: DocumentNode | undefined, type: string | undefined): void {
    this.#refused = document;
    this.type = type ?? this.type;
  }

  /** Ends it with its credentials. @param ask validates them anew */
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
    if (this.#ending.signal.aborted) listener();
    else this.#ending.signal.addEventListener('abort', listener, { once: true });
  }

  /** Ends it, and sends nothing. @param codes of the errors that the client gets, if any */
  end(codes: readonly string[] = []): void {
    this.#end(codes);
  }

  #end(codes: readonly string[], reason?: GatewayError): void {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort(reason);
    this.#metrics.operationEnded(this.type, codes);
  }
}

function rightsOf({ subject, level, customerId, scopes }: Viewer): string {
  return JSON.stringify([subject, level, customerId, scopes]);
}
