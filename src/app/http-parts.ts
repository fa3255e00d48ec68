import type { Logger } from 'pino';
import { type Authenticate } from '../auth/credential.js';
import { isDatabaseThere } from './common-parts.js';
import type { Settings } from '../config/settings.js';
import type { GatewayParts } from '../graphql/request/context.js';
import { printGatewaySchema } from '../graphql/schema/schema.js';
import { Subscriptions } from '../graphql/subscriptions/subscriptions.js';
import { createSubscriptionServer } from '../graphql/subscriptions/server.js';
import type { ServerParts } from '../http/server.js';
import { openAdmission } from '../http/endpoints/admission.js';
import { clientAddress } from '../limits/client-address.js';
import { concurrencyGate } from '../limits/concurrency-gate.js';
import { eventLoopTurns } from '../limits/event-loop-turns.js';
import { messageCounter } from '../limits/message-rate.js';
import { connectionLeases } from '../limits/connection-leases.js';
import { requestCounter } from '../limits/request-limits.js';
import { UnreadBytes } from '../limits/unread-bytes.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { Database } from '../persistence/database/database.js';
import type { GraphqlParts } from './open-graphql.js';
import type { Intervals } from './intervals.js';

/** Requests of this process that are worked on at once; a second's worth of them, so that the last one does not wait for long. */
const MAX_REQUESTS_AT_ONCE = 1_000;

/** What the HTTP server works with. */
interface Parts {
  readonly settings: Settings;
  readonly intervals: Intervals;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  readonly database: Database;
  readonly authenticate: Authenticate;
  readonly graphql: GraphqlParts;
  readonly gateway: GatewayParts;
}

/** The parts of the HTTP server: its endpoints, and the limits of clients. */
export function httpParts(parts: Parts): ServerParts {
  const { settings, intervals, log, metrics, database, authenticate, graphql, gateway } = parts;
  const { schema, costs, apollo, executeCached, documents, refuse } = graphql;
  const subscriptions = new Subscriptions(schema, settings, costs, documents, {
    gateway,
    log,
    metrics,
    takeTurn: eventLoopTurns(),
    ...intervals,
  });
  return {
    gateway,
    log,
    apollo,
    executeCached,
    documents,
    refuse,
    admission: openAdmission({
      authenticate,
      addressOf: clientAddress(settings.trustedProxies),
      countRequest: requestCounter(settings.rateLimit),
    }),
    acquireConnection: connectionLeases(),
    countMessages: messageCounter(),
    unread: new UnreadBytes(),
    pingMs: intervals.pingMs,
    closeMs: intervals.closeMs,
    subscriptions: createSubscriptionServer(subscriptions),
    streamedSubscriptions: subscriptions,
    metrics,
    accessLog: settings.accessLog ? log : undefined,
    docsUrl: settings.docsUrl,
    maxTokens: settings.maxTokens,
    maxBodyBytes: settings.maxBodyBytes,
    maxAnswerBytes: settings.maxAnswerBytes,
    gate: concurrencyGate(MAX_REQUESTS_AT_ONCE),
    corsOrigins: settings.corsOrigins,
    corsHeaders: settings.corsHeaders,
    stopWaits: intervals.stopWaits,
    printSchema: settings.introspection ? () => printGatewaySchema(schema) : undefined,
    checkDatabase: async () => await isDatabaseThere(database),
  };
}
