import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { refuse } from '../core/broken-requests.js';
import type { Exchanges } from '../core/exchanges.js';
import { HttpError } from '../core/http-error.js';
import { hasTooManyHeaders, tooManyHeaders } from '../core/header-limit.js';
import { withoutTrailingSlash } from '../core/router.js';
import type { WebSocketEndpoint } from './websocket-endpoint.js';

/** Hands over connections whose clients ask for WebSocket, by path. */
export function answerUpgrades(
  server: Server,
  exchanges: Exchanges,
  endpoints: ReadonlyMap<string, WebSocketEndpoint>,
): void {
  const answer = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const endpoint = endpoints.get(withoutTrailingSlash((message.url ?? '').replace(/\?.*/s, '')));
    // Headers are missing, so nobody knows what the client sent.
    if (hasTooManyHeaders(message)) refuse(socket, tooManyHeaders());
    else if (message.headers.upgrade?.toLowerCase() !== 'websocket')
      ignoreOffer(server, message, socket, head);
    else if (endpoint !== undefined) endpoint.upgrade(message, socket, head);
    else refuse(socket, new HttpError(404, 'BAD_REQUEST', 'WebSocket is served at /graphql.'));
  };
  server.on('upgrade', (message, socket, head) => {
    // Node gives the connection away, with its own listener for errors.
    socket.on('error', destroy);
    exchanges.whenAnswered(socket, () => answer(message, socket, head));
  });
}

function destroy(this: Duplex): void {
  this.destroy();
}

/**
 * An upgrade that is not known is ignored (RFC 9110, section 7.8): Java's client offers HTTP/2 with ordinary requests.
 * Node has stopped reading the request as HTTP, so it gets the same headers once more, without the offer. A server without
 * this listener would lose what follows such a request in the same packet.
 */
function ignoreOffer(server: Server, message: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method = '', url = '', httpVersion, rawHeaders } = message;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    const kept = withoutOffer(name.toLowerCase(), value);
    if (kept !== undefined) lines.push(`${name}: ${kept}`);
  }
  socket.off('error', destroy);
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

/** The value of a header as it is without the offer; undefined where nothing is left of it. */
function withoutOffer(name: string, value: string): string | undefined {
  if (OFFER.has(name)) return undefined;
  if (name !== 'connection') return value;
  const options = value.split(',').filter((option) => !OFFER.has(option.trim().toLowerCase()));
  return options.length === 0 ? undefined : options.join(',');
}

/** The headers of an offer, by the names that they have in `Connection` too. */
const OFFER: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);
