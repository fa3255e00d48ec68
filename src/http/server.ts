import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { answerBrokenRequests } from './core/broken-requests.js';
import { corsPolicy } from './core/cors.js';
import { followExchanges } from './core/exchanges.js';
import { MAX_HEADERS_READ } from './core/header-limit.js';
import { listen, SLOW_CLIENTS } from './core/listen.js';
import { requestHandler } from './core/request-handler.js';
import { measureRequests } from './core/request-metrics.js';
import { createRouter } from './core/router.js';
import { type EventStreamParts, eventStreams } from './endpoints/event-streams.js';
import { type EndpointParts, gatewayRoutes } from './routes.js';
import { answerUpgrades } from './endpoints/upgrades.js';
import { websocketEndpoint, type WebSocketParts } from './endpoints/websocket-endpoint.js';
import { requestHold } from './core/request-hold.js';

/** What the server and its endpoints work with. */
export interface ServerParts
  extends
    Omit<EndpointParts, 'isDraining' | 'streams'>,
    WebSocketParts,
    Omit<EventStreamParts, 'subscriptions'> {
  /** What runs subscriptions that come as requests. */
  readonly streamedSubscriptions: EventStreamParts['subscriptions'];
  /** Pages of these origins may call the gateway from a browser. */
  readonly corsOrigins: readonly string[];
  /** More request headers that they may send, in lower case. */
  readonly corsHeaders: readonly string[];
  readonly stopWaits: StopWaits;
  /** Where each request leaves a line; undefined: nowhere. */
  readonly accessLog: Logger | undefined;
}

/** The HTTP server, listening. */
export interface HttpServer {
  /** Where GraphQL is served. */
  readonly url: string;
  /** Announces the stop where balancers look, and continues to serve. */
  readonly announceStop: () => void;
  /** Finishes what was accepted, for at most this long, then closes. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** How long the steps of a stop wait, in milliseconds. */
export interface StopWaits {
  /** How long answers say `Connection: close` before the listener closes: a request in flight then still finds it open. */
  readonly lastCallMs: number;
  /** How long nobody new may have come before the listener closes. */
  readonly quietMs: number;
  /**
   * How long kept connections stay open after the listener closed. A client may be sending its next request on one just
   * now; with the connection closed it would not know what became of its update.
   */
  readonly lingerMs: number;
}

/** What clients and balancers need. */
export const STOP_WAITS: StopWaits = { lastCallMs: 300, quietMs: 100, lingerMs: 1_000 };

/**
 * Starts the HTTP server.
 * @throws StartupError when the port cannot be had
 */
export async function startHttpServer(parts: ServerParts, host: string, port: number): Promise<HttpServer> {
  let isAnnounced = false;
  let isStopping = false;
  const isDraining = (): boolean => isStopping;
  const streams = eventStreams({ ...parts, subscriptions: parts.streamedSubscriptions });
  const router = createRouter(
    gatewayRoutes({ ...parts, streams, isDraining: () => isAnnounced || isStopping }),
  );
  const handle = requestHandler({
    router,
    cors: corsPolicy(parts.corsOrigins, parts.corsHeaders),
    isDraining,
    log: parts.log,
    metrics: parts.metrics,
    docsUrl: parts.docsUrl,
  });
  const { lastCallMs, quietMs, lingerMs } = parts.stopWaits;
  const hold = requestHold(handle, quietMs);
  const server = createServer(SLOW_CLIENTS, hold.listener);
  server.maxHeadersCount = MAX_HEADERS_READ;
  // An expectation that nobody knows is no reason to refuse the request that has it.
  server.on('checkExpectation', hold.listener);
  measureRequests(server, router, parts.metrics, parts.accessLog);
  const exchanges = followExchanges(server);
  answerBrokenRequests(server, exchanges);
  const websocket = websocketEndpoint(parts);
  answerUpgrades(server, exchanges, new Map([['/graphql', websocket]]));
  const origin = await listen(server, host, port, 'PORT');
  return {
    url: `${origin}/graphql`,
    announceStop: () => {
      isAnnounced = true;
    },
    stop: async (graceMs) => {
      isStopping = true;
      await delay(lastCallMs);
      websocket.stop();
      streams.stop();
      await hold.hold(server);
      const closed = once(server, 'close');
      // The HTTP server's own close would end kept connections as well, and the watch over slow ones.
      NetServer.prototype.close.call(server);
      hold.release();
      const lingered = setTimeout(() => server.closeIdleConnections(), lingerMs);
      const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(lingered);
      clearTimeout(deadline);
      // Of what it closes, only the watch is left.
      server.close();
    },
  };
}
