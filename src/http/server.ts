import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StartupError } from '../errors/startup-error.js';
import { describeCause } from '../logging/log.js';
import { faultBody, HttpFault } from './fault.js';
import { answerGraphql, type GraphqlEndpointParts, type HttpAnswer } from './graphql-endpoint.js';

/** The HTTP server, listening. */
export interface HttpServer {
  /** Where GraphQL is served. */
  readonly url: string;
  /** Finishes what was accepted, for at most this long, then closes. */
  readonly stop: (graceMs: number) => Promise<void>;
}

/** How long answers say `Connection: close` before the listener closes: a request in flight then still finds it open. */
const LAST_CALL_MS = 300;

/**
 * Starts the HTTP server.
 * @throws StartupError when the port cannot be had
 */
export async function startHttpServer(
  parts: GraphqlEndpointParts,
  host: string,
  port: number,
): Promise<HttpServer> {
  let isDraining = false;
  const server = createServer(
    // Slow clients do not keep a connection for longer than a request may take to arrive.
    {
      requestTimeout: 6_000,
      headersTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
    },
    (request, response) => {
      if (isDraining) response.setHeader('connection', 'close');
      void respond(parts, request, response);
    },
  );
  await listen(server, host, port);
  return {
    url: `http://${urlHost(host)}:${addressOf(server).port}/graphql`,
    stop: async (graceMs) => {
      isDraining = true;
      await delay(LAST_CALL_MS);
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(deadline);
    },
  };
}

async function respond(
  parts: GraphqlEndpointParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = requestIdOf(request);
  const answer = await answerSafely(parts, request, requestId);
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': Buffer.byteLength(answer.body),
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    // What is left of a refused body is not worth reading.
    ...(!request.complete && { connection: 'close' }),
  });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

async function answerSafely(
  parts: GraphqlEndpointParts,
  request: IncomingMessage,
  requestId: string,
): Promise<HttpAnswer> {
  try {
    return await route(parts, request, requestId);
  } catch (error) {
    const fault = error instanceof HttpFault ? error : unforeseen(parts.log, request, error, requestId);
    return {
      status: fault.status,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: faultBody(fault, requestId),
    };
  }
}

async function route(
  parts: GraphqlEndpointParts,
  request: IncomingMessage,
  requestId: string,
): Promise<HttpAnswer> {
  const target = request.url ?? '/';
  if (!URL.canParse(target, 'http://gateway')) throw new HttpFault(400, 'BAD_REQUEST');
  const url = new URL(target, 'http://gateway');
  if (url.pathname === '/graphql') return await answerGraphql(parts, request, url, requestId);
  throw new HttpFault(404, 'BAD_REQUEST', 'There is nothing at this path. GraphQL is served at /graphql.');
}

function unforeseen(log: Logger, request: IncomingMessage, error: unknown, requestId: string): HttpFault {
  // A client that hangs up in the middle of its own request is no failure of ours.
  const level = request.destroyed && !request.complete ? 'debug' : 'error';
  log[level]({ requestId, cause: describeCause(error) }, 'request failed');
  return new HttpFault(500, 'INTERNAL_ERROR');
}

/** The id that a proxy gave the request, if it is one that can be logged as it is; else a new one. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: `PORT ${port} on ${host} is in use by another program. Set PORT to another one, or to 0 for any that is free.`,
      EACCES: `PORT ${port} on ${host} is not open to this account. Set PORT to one above 1023.`,
      EADDRNOTAVAIL: `HOST ${host} is no address of this machine. Set HOST to one that is, e.g. 127.0.0.1.`,
      ENOTFOUND: `HOST ${host} is not known. Set HOST to an address of this machine, e.g. 127.0.0.1.`,
    };
    const reason = reasons[code];
    throw reason === undefined ? error : new StartupError(reason);
  }
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server does not listen on a port.');
  return address;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
