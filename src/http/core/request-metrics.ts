import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import type { Router } from './router.js';

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** Emitted by a response that has begun to stream. */
const STREAMING = 'device-gateway-streaming';

/** The answer has begun, and goes on for as long as its client stays: it counts no longer as a request, but as WebSockets do. */
export function answersFromNowOn(response: ServerResponse): void {
  response.emit(STREAMING);
}

/** Counts and times all requests of a server, by the route that serves them: clients choose paths, not labels. */
export function measureRequests(server: Server, router: Router, metrics: GatewayMetrics): void {
  const measure = (message: IncomingMessage, response: ServerResponse): void => {
    const begin = performance.now();
    metrics.requestBegan();
    let isOver = false;
    const end = (status: string): void => {
      if (isOver) return;
      isOver = true;
      metrics.requestEnded({
        method: METHODS.has(message.method ?? '') ? (message.method ?? '') : 'other',
        route: router((message.url ?? '').replace(/\?.*/s, ''))?.route.path ?? 'other',
        status,
        seconds: (performance.now() - begin) / 1_000,
      });
    };
    response.once(STREAMING, () => end(statusClass(response)));
    response.once('close', () => end(response.writableFinished ? statusClass(response) : 'aborted'));
    // A response that waits for its turn is told nothing when the connection breaks.
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
