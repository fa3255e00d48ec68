import { errorCode } from '../../errors/error-code.js';
import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { JSON_TYPE } from './endpoint.js';
import type { Exchanges } from './exchanges.js';
import { errorBody, HttpError } from './http-error.js';

/**
 * Answers in JSON what is no HTTP at all, and so never becomes a request; Node would answer it without a body.
 */
export function answerBrokenRequests(server: Server, exchanges: Exchanges): void {
  server.on('clientError', (error, socket) => {
    const exchange = exchanges.latest(socket);
    if (!socket.writable) socket.destroy();
    else if (exchange === undefined || exchange.response.writableFinished) refuse(socket, errorOf(error));
    // What was understood before is answered still: a write that it made must not go without its answer.
    else if (exchange.message.complete) exchange.response.once('finish', () => socket.end());
    else if (exchange.response.headersSent) socket.destroy();
    else refuse(socket, errorOf(error));
  });
  server.on('connect', (_, socket) => {
    refuse(socket, new HttpError(405, 'BAD_REQUEST', 'This server is no proxy.'));
  });
}

function errorOf(error: Error): HttpError {
  switch (errorCode(error)) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpError(408, 'BAD_REQUEST', 'The request took too long to arrive.');
    case 'HPE_HEADER_OVERFLOW':
      return new HttpError(431, 'BAD_REQUEST', 'The headers are too long.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new HttpError(413, 'BAD_REQUEST', 'The chunk extensions are too long.');
    default:
      return new HttpError(400, 'BAD_REQUEST', 'This is not a request of HTTP/1.1.');
  }
}

/** How long a refused client may take to end its side, which it could leave open for ever. */
const REFUSAL_LINGER_MS = 1_000;

/** Answers on the bare connection, which ends with that. */
export function refuse(socket: Duplex, error: HttpError): void {
  const requestId = randomUUID();
  const body = errorBody(error, requestId);
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`,
    'connection: close',
    'cache-control: no-store',
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'x-content-type-options: nosniff',
    ...Object.entries(error.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  const lingering = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS).unref();
  socket.once('close', () => clearTimeout(lingering));
}
