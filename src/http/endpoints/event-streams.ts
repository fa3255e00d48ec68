import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Credential } from '../../auth/credential.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { type SoleSubscription, subscribeAlone } from '../../graphql/subscriptions/sole-subscription.js';
import type { SubscriptionRequest, Subscriptions } from '../../graphql/subscriptions/subscriptions.js';
import { deliverySlots } from '../../limits/delivery-slots.js';
import type { ConnectionLease, AcquireConnection } from '../../limits/connection-leases.js';
import type { UnreadBytes } from '../../limits/unread-bytes.js';
import { describeCause } from '../../logging/log.js';
import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import type { Admission } from './admission.js';
import type { HttpRequest, StreamAnswer } from '../core/endpoint.js';
import { COMPLETE_EVENT, EVENT_STREAM_HEADERS, EventStream, nextEvent } from './event-stream.js';

/** What clients of server-sent events are served with; WebSockets share the same budgets. */
export interface EventStreamParts {
  readonly subscriptions: Subscriptions;
  readonly admission: Admission;
  readonly acquireConnection: AcquireConnection;
  readonly unread: UnreadBytes;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  /** How often a comment is sent; its client has read it before the next one. */
  readonly pingMs: number;
  /** How long a client may take to read what is left when its stream has ended. */
  readonly closeMs: number;
}

/** Subscriptions by server-sent events: GraphQL over SSE, distinct connections mode. */
export interface EventStreams {
  /**
   * Begins a subscription. Its errors are sent in its stream.
   * @throws OVERLOADED when too many connections are open, or the server stops
   */
  readonly open: (request: HttpRequest, credential: Credential, payload: SubscriptionRequest) => StreamAnswer;
  /** Ends all streams and begins none any more. */
  readonly stop: () => void;
}

/** The streams of one server. */
export function eventStreams(parts: EventStreamParts): EventStreams {
  const streams = new Set<EventStream>();
  let isStopping = false;
  const keepingAlive = setInterval(() => {
    for (const stream of streams) stream.keepAlive();
  }, parts.pingMs).unref();
  return {
    open: (request, credential, payload) => {
      if (isStopping) throw new GatewayError('OVERLOADED', { message: 'The server is stopping.' });
      const lease = leaseFor(request.message, credential, parts);
      const stream = new EventStream(request.message.socket, parts.unread, lease, parts.closeMs);
      streams.add(stream);
      parts.metrics.eventStreamOpened();
      stream.onClose(() => {
        streams.delete(stream);
        lease.release();
        parts.metrics.eventStreamClosed();
      });
      const subscription = subscribeOver(stream, request, credential, payload, parts);
      return {
        status: 200,
        headers: EVENT_STREAM_HEADERS,
        stream: (response) => {
          stream.begin(response);
          void sendAll(stream, subscription, parts.log);
        },
      };
    },
    stop: () => {
      isStopping = true;
      clearInterval(keepingAlive);
      for (const stream of streams) stream.goAway();
    },
  };
}

/** @throws OVERLOADED when the process, its network or its subject has as many connections as it may */
function leaseFor(
  message: IncomingMessage,
  credential: Credential,
  { acquireConnection, admission }: EventStreamParts,
): ConnectionLease {
  const lease = acquireConnection(admission.networkOf(message));
  try {
    lease.assignTo(credential);
    return lease;
  } catch (error) {
    lease.release();
    throw error;
  }
}

function subscribeOver(
  stream: EventStream,
  { message, headers, requestId }: HttpRequest,
  credential: Credential,
  payload: SubscriptionRequest,
  { subscriptions, admission }: EventStreamParts,
): SoleSubscription {
  try {
    const subscription = subscribeAlone(subscriptions, payload, {
      requestId,
      credential,
      authenticate: async () => await admission.authenticate(message, headers.authorization),
      acquireDelivery: deliverySlots(1),
      dropOverloaded: (answer) => stream.end(nextEvent(JSON.stringify(answer)) + COMPLETE_EVENT),
    });
    stream.onEnd(() => subscription.end());
    return subscription;
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/** Sends the answers one after the other, each when the one before was taken. */
async function sendAll(stream: EventStream, { answers }: SoleSubscription, log: Logger): Promise<void> {
  try {
    for await (const answer of answers) {
      if (stream.isOver) break;
      await stream.send(nextEvent(JSON.stringify(answer)));
    }
    stream.end(COMPLETE_EVENT);
  } catch (error) {
    log.error({ cause: describeCause(error) }, 'a stream of events failed');
    stream.destroy();
  }
}
