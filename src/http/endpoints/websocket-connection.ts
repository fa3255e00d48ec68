import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { SubscriptionServer } from '../../graphql/subscriptions/server.js';
import { deliverySlots } from '../../limits/delivery-slots.js';
import type { CountMessage } from '../../limits/message-rate.js';
import type { ConnectionLease } from '../../limits/connection-leases.js';
import type { UnreadBytes } from '../../limits/unread-bytes.js';
import { describeCause } from '../../logging/log.js';
import type { Admission } from './admission.js';

/** What one connection is served with. */
export interface ConnectionParts {
  readonly subscriptions: SubscriptionServer;
  readonly admission: Admission;
  readonly countMessages: (clientOf: () => string) => CountMessage;
  readonly unread: UnreadBytes;
  readonly log: Logger;
}

/** Maximum number of events that are executed or on their way to one client at once. */
const MAX_DELIVERIES = 4;

/** What a ping carries comes back with its pong, up to this many characters; a longer one is answered without it. */
const MAX_ECHO = 1_000;

const TRY_AGAIN_LATER = 1013;
/** graphql-transport-ws: `Too many requests`, which clients do not answer by connecting anew. */
const TOO_MANY_MESSAGES = 4429;
/** graphql-transport-ws: `Internal server error`. */
const INTERNAL_ERROR = 4500;

/** Serves a client until its connection is closed. */
export function serveConnection(
  client: WebSocket,
  message: IncomingMessage,
  lease: ConnectionLease,
  { subscriptions, admission, countMessages, unread, log }: ConnectionParts,
): void {
  const operations = new Set<{ readonly end: () => void }>();
  const sent = unread.open(lease.client, () => client.terminate()).sent;
  const send = async (data: string): Promise<void> => {
    const taken = sent(Buffer.byteLength(data));
    // What a client that is gone does not get is no error of ours.
    await new Promise<void>((resolve) => client.send(data, () => resolve()));
    taken();
  };
  const fail = (error: unknown): void => {
    log.warn({ cause: describeCause(error) }, 'a message over WebSocket failed');
    client.close(INTERNAL_ERROR, 'Internal server error');
  };
  const admitMessage = messageGuard(client, countMessages(lease.client));
  const closed = subscriptions.opened(
    {
      protocol: client.protocol,
      send,
      close: (code, reason) => client.close(code, reason),
      onMessage: (handle) => {
        client.on('message', (data, isBinary) => {
          const content = Buffer.isBuffer(data) && !isBinary ? data : Buffer.alloc(0);
          if (admitMessage(content.length)) handle(content.toString()).catch(fail);
        });
      },
      onPing: async (payload) => await send(pongFor(payload)),
    },
    {
      authorization: message.headers.authorization,
      authenticate: async (authorization) => await admission.authenticate(message, authorization),
      authenticateAndCount: async (authorization) => {
        const credential = await admission.authenticateAndCount(message, authorization);
        lease.assignTo(credential);
        return credential;
      },
      operations,
      acquireDelivery: deliverySlots(MAX_DELIVERIES),
      dropOverloaded: (id, payload) => {
        // It goes out behind what the client has yet to read; then there is nothing more for it.
        void send(JSON.stringify({ id, type: 'error', payload }));
        client.close(TRY_AGAIN_LATER, 'Changes come faster than this client reads them.');
      },
    },
  );
  client.on('ping', (data) => void admitMessage(data.length));
  client.on('pong', (data) => {
    if (admitMessage(data.length)) heardFrom(client, data);
  });
  // ws closes the connection itself after an error, e.g. a message that is too long.
  client.on('error', (error) => log.debug({ cause: describeCause(error) }, 'a WebSocket broke'));
  client.on('close', (code, reason) => {
    for (const operation of operations) operation.end();
    closed(code, String(reason)).catch(fail);
  });
}

/** Closes the connection of a client that sends too much, and ignores what still comes of it. */
function messageGuard(client: WebSocket, count: CountMessage): CountMessage {
  return (bytes) => {
    if (client.readyState !== client.OPEN) return false;
    if (count(bytes)) return true;
    client.close(TOO_MANY_MESSAGES, 'Too many messages');
    // The close goes out; nothing more is read.
    client.pause();
    return false;
  };
}

function pongFor(payload: Readonly<Record<string, unknown>> | undefined): string {
  const echo = JSON.stringify({ type: 'pong', payload });
  return echo.length > MAX_ECHO ? '{"type":"pong"}' : echo;
}

/** What clients are to answer the latest ping with. Nobody can know it without having read the ping. */
const expectedPongs = new WeakMap<WebSocket, Buffer>();

function heardFrom(client: WebSocket, pong: Buffer): void {
  if (expectedPongs.get(client)?.equals(pong) === true) expectedPongs.delete(client);
}

/** Ends connections whose clients have not answered the latest ping, and pings the others. */
export function keepAlive(clients: ReadonlySet<WebSocket>): void {
  for (const client of clients) {
    if (expectedPongs.has(client)) {
      client.terminate();
    } else if (client.readyState === client.OPEN) {
      const nonce = randomBytes(8);
      expectedPongs.set(client, nonce);
      client.ping(nonce);
    }
  }
}
