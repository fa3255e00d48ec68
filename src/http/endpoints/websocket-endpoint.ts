import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { GatewayError } from '../../errors/gateway-error.js';
import type { ConnectionLease, AcquireConnection } from '../../limits/connection-leases.js';
import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { refuse } from '../core/broken-requests.js';
import { HttpError, toHttpError } from '../core/http-error.js';
import { type ConnectionParts, keepAlive, serveConnection } from './websocket-connection.js';

/** What WebSocket clients are served with. */
export interface WebSocketParts extends ConnectionParts {
  /** How many clients may be connected. */
  readonly acquireConnection: AcquireConnection;
  readonly metrics: GatewayMetrics;
  /** Clients answer a ping within this time; it also keeps proxies from ending a connection on which nothing happens. */
  readonly pingMs: number;
  /** How long a client may take to answer the end of a connection. */
  readonly closeMs: number;
  /** Of one message. */
  readonly maxBodyBytes: number;
}

/** The WebSocket side of /graphql. */
export interface WebSocketEndpoint {
  /** Takes over a connection whose client asks for WebSocket; it is refused when that cannot be. */
  readonly upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Closes all connections and accepts no more. */
  readonly stop: () => void;
}

/** Maximum number of frames that a message may come in. */
const MAX_FRAGMENTS = 256;

const GOING_AWAY = 1001;

/** Serves graphql-transport-ws. */
export function websocketEndpoint(parts: WebSocketParts): WebSocketEndpoint {
  let isStopping = false;
  const options = {
    noServer: true,
    handleProtocols,
    maxPayload: parts.maxBodyBytes,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
    // One message of a connection in a turn of the event loop, so that a flood of them lets everybody else through.
    allowSynchronousEvents: false,
    // The package's types do not know it yet.
    closeTimeout: parts.closeMs,
  };
  const server = new WebSocketServer(options);
  // Without a listener ws would answer in HTML.
  server.on('wsClientError', (_, socket) => {
    refuse(socket, new HttpError(400, 'BAD_REQUEST', 'This is not a handshake of WebSocket.'));
  });
  const keepingAlive = setInterval(() => keepAlive(server.clients), parts.pingMs).unref();
  return {
    upgrade: (message, socket, head) => {
      try {
        if (isStopping) throw new GatewayError('OVERLOADED', { message: 'The server is stopping.' });
        const lease = leaseFor(message, socket, parts);
        server.handleUpgrade(message, socket, head, (client) =>
          serveConnection(client, message, lease, parts),
        );
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        parts.metrics.errorAnswered(error.code);
        refuse(socket, toHttpError(error));
      }
    },
    stop: () => {
      isStopping = true;
      clearInterval(keepingAlive);
      for (const client of server.clients) client.close(GOING_AWAY, 'Going away');
    },
  };
}

/** Acquires a lease until the connection is closed, also when its handshake fails. @throws OVERLOADED */
function leaseFor(
  message: IncomingMessage,
  socket: Duplex,
  { acquireConnection, admission, metrics }: WebSocketParts,
): ConnectionLease {
  const lease = acquireConnection(admission.networkOf(message));
  metrics.websocketOpened();
  socket.once('close', () => {
    lease.release();
    metrics.websocketClosed();
  });
  return lease;
}
