import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import type { Router } from './router.js';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** Emitted by a response that has begun to stream. */
const STREAMING = 'device-gateway-streaming';
/** Emitted with the id of the request, before it is handled. */
const IDENTIFIED = 'device-gateway-identified';

/** The answer has begun, and goes on for as long as its client stays: it counts no longer as a request, but as WebSockets do. */
export function answersFromNowOn(response: ServerResponse): void {
  response.emit(STREAMING);
}

/** The request has this id in answers and in the log. */
export function identifyRequest(response: ServerResponse, requestId: string): void {
  response.emit(IDENTIFIED, requestId);
}

/**
 * Counts and times all requests of a server, by the route that serves them: clients choose paths, not labels.
 * @param accessLog gets a line for each, where there is one: neither path nor query, which may hold an id or a document
 */
export function measureRequests(
  server: Server,
  router: Router,
  metrics: GatewayMetrics,
  accessLog?: Logger,
): void {
  const measure = (message: IncomingMessage, response: ServerResponse): void => {
    const begin = performance.now();
    metrics.requestBegan();
    let isOver = false;
    let requestId: string | undefined;
    const end = (status: string): void => {
      if (isOver) return;
      isOver = true;
      const method = METHODS.has(message.method ?? '') ? (message.method ?? '') : 'other';
      const route = router((message.url ?? '').replace(/\?.*/s, ''))?.route.path ?? 'other';
      const seconds = (performance.now() - begin) / 1_000;
      metrics.requestEnded({ method, route, status, seconds });
      const { statusCode } = response;
      const isAborted = status === 'aborted';
      accessLog?.info(
        {
          event: 'access',
          requestId,
          method,
          route,
          status: statusCode,
          isAborted,
          ms: Math.round(seconds * 1_000),
        },
        'request',
      );
    };
    if (accessLog !== undefined) {
      response.once(IDENTIFIED, (id: string) => {
        requestId = id;
      });
    }
    response.once(STREAMING, () => end(statusClass(response)));
    response.once('close', () => end(response.writableFinished ? statusClass(response) : 'aborted'));
    // A response that waits for its turn gets no event when the connection breaks.
    if (response.socket === null) {
      message.once('close', () => {
        if (message.socket.destroyed) end('aborted');
      });
    }
  };
  // Before the request is handled, which begins at once.
  server.prependListener('request', measure);
  server.prependListener('checkExpectation', measure);
}

function statusClass({ statusCode }: ServerResponse): string {
  return `${Math.floor(statusCode / 100)}xx`;
}
