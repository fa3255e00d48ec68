import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SubscriptionServer } from '../graphql/subscription-server.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { Place, TakePlace } from '../limits/open-connections.js';
import { describeCause } from '../logging/log.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { Admission } from './admission.js';
import { refuse } from './broken-requests.js';
import { HttpFault, toHttpFault } from './fault.js';

/** What WebSocket clients are served with. */
export interface WebSocketParts {
  readonly subscriptions: SubscriptionServer;
  readonly admission: Admission;
  /** How many clients may be connected. */
  readonly takePlace: TakePlace;
  readonly metrics: GatewayMetrics;
  readonly log: Logger;
  /** Of one message. */
  readonly maxBodyBytes: number;
}

/** The WebSocket side of /graphql. */
export interface WebSocketEndpoint {
  /** Takes over a connection whose client asks for WebSocket; it is refused when that cannot be. */
  readonly upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Says goodbye to everybody and takes nobody any more. */
  readonly stop: () => void;
}

/** Clients answer a ping within this time; it also keeps proxies from ending a connection on which nothing happens. */
const KEEP_ALIVE_MS = 12_000;

/** How long a client may take to answer the end of a connection. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Answers that wait for a client that asks without reading. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
/** graphql-transport-ws: `Internal server error`. */
const INTERNAL_ERROR = 4500;

/** Serves graphql-transport-ws. */
export function websocketEndpoint(parts: WebSocketParts): WebSocketEndpoint {
  let isStopping = false;
  const options = {
    noServer: true,
    handleProtocols,
    maxPayload: parts.maxBodyBytes,
    perMessageDeflate: false,
    // The package's types do not know it yet.
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(options);
  // Without a listener ws would answer in HTML.
  server.on('wsClientError', (_, socket) => {
    refuse(socket, new HttpFault(400, 'BAD_REQUEST', 'This is not a handshake of WebSocket.'));
  });
  const keepingAlive = setInterval(() => keepAlive(server.clients), KEEP_ALIVE_MS).unref();
  return {
    upgrade: (message, socket, head) => {
      try {
        if (isStopping) throw new GatewayError('OVERLOADED', { message: 'The server is stopping.' });
        const place = placeFor(message, socket, parts);
        server.handleUpgrade(message, socket, head, (client) => serve(client, message, place, parts));
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        parts.metrics.errorAnswered(error.code);
        refuse(socket, toHttpFault(error));
      }
    },
    stop: () => {
      isStopping = true;
      clearInterval(keepingAlive);
      for (const client of server.clients) client.close(GOING_AWAY, 'Going away');
    },
  };
}

/** Takes a place until the connection is closed, also when its handshake fails. @throws OVERLOADED */
function placeFor(
  message: IncomingMessage,
  socket: Duplex,
  { takePlace, admission, metrics }: WebSocketParts,
): Place {
  const place = takePlace(admission.networkOf(message));
  metrics.websocketOpened();
  socket.once('close', () => {
    place.leave();
    metrics.websocketClosed();
  });
  return place;
}

function serve(
  client: WebSocket,
  message: IncomingMessage,
  place: Place,
  { subscriptions, admission, log }: WebSocketParts,
): void {
  const operations = new Set<{ readonly end: () => void }>();
  const send = async (data: string): Promise<void> => {
    if (client.bufferedAmount > MAX_BUFFERED_BYTES) client.terminate();
    // What a client that is gone does not get is no fault of ours.
    await new Promise<void>((resolve) => client.send(data, () => resolve()));
  };
  const fail = (error: unknown): void => {
    log.warn({ cause: describeCause(error) }, 'a message over WebSocket failed');
    client.close(INTERNAL_ERROR, 'Internal server error');
  };
  const closed = subscriptions.opened(
    {
      protocol: client.protocol,
      send,
      close: (code, reason) => client.close(code, reason),
      onMessage: (handle) => {
        client.on('message', (data, isBinary) => {
          handle(Buffer.isBuffer(data) && !isBinary ? data.toString() : '').catch(fail);
        });
      },
    },
    {
      authorization: message.headers.authorization,
      judge: async (authorization) => await admission.judge(message, authorization),
      admit: async (authorization) => {
        const credential = await admission.admit(message, authorization);
        place.claim(credential);
        return credential;
      },
      operations,
      dropOverloaded: (id, payload) => {
        // It goes out behind what the client has yet to read; then there is nothing more for it.
        client.send(JSON.stringify({ id, type: 'error', payload }), () => undefined);
        client.close(TRY_AGAIN_LATER, 'Changes come faster than this client reads them.');
      },
    },
  );
  client.on('pong', () => silent.delete(client));
  // ws closes the connection itself after an error, e.g. a message that is too long.
  client.on('error', (error) => log.debug({ cause: describeCause(error) }, 'a WebSocket broke'));
  client.on('close', (code, reason) => {
    for (const operation of operations) operation.end();
    closed(code, String(reason)).catch(fail);
  });
}

/** Clients that have not answered the latest ping. */
const silent = new WeakSet<WebSocket>();

function keepAlive(clients: ReadonlySet<WebSocket>): void {
  for (const client of clients) {
    if (silent.has(client)) {
      client.terminate();
    } else if (client.readyState === client.OPEN) {
      silent.add(client);
      client.ping();
    }
  }
}
