import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { refuse } from './broken-requests.js';
import { HttpFault } from './fault.js';
import type { WebSocketEndpoint } from './websocket-endpoint.js';

/** Hands over connections whose clients ask for WebSocket, by path. */
export function answerUpgrades(server: Server, endpoints: ReadonlyMap<string, WebSocketEndpoint>): void {
  server.on('upgrade', (message, socket, head) => {
    // Node gives the connection away, with its own listener for errors.
    socket.on('error', () => socket.destroy());
    const endpoint = endpoints.get((message.url ?? '').replace(/\?.*/s, ''));
    if (message.headers.upgrade?.toLowerCase() !== 'websocket') serveAsItIs(server, message, socket, head);
    else if (endpoint !== undefined) endpoint.upgrade(message, socket, head);
    else refuse(socket, new HttpFault(404, 'BAD_REQUEST', 'WebSocket is served at /graphql.'));
  });
}

/**
 * An upgrade that is not known is ignored (RFC 9110, section 7.8): Java's client offers HTTP/2 with ordinary requests.
 * Node has stopped reading the request as HTTP, so it gets it once more, without the offer.
 */
function serveAsItIs(server: Server, message: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${message.method ?? ''} ${message.url ?? ''} HTTP/${message.httpVersion}`];
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(index, index + 2);
    if (!HOP_BY_HOP.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', socket);
}

const HOP_BY_HOP: ReadonlySet<string> = new Set(['upgrade', 'connection', 'http2-settings']);
