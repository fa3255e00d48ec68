import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** A request of a connection, and its answer. */
interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

/** The latest request of each connection. Answers go out in the order of their requests, so its answer is the last one. */
export interface Exchanges {
  readonly latest: (socket: Duplex) => Exchange | undefined;
  /** Calls when everything that was asked before has its answer, which is at once on most connections; never when it breaks. */
  readonly whenAnswered: (socket: Duplex, next: () => void) => void;
}

/** Follows the requests of a server. */
export function followExchanges(server: Server): Exchanges {
  const exchanges = new WeakMap<Duplex, Exchange>();
  server.on('request', (message, response) => exchanges.set(message.socket, { message, response }));
  return {
    latest: (socket) => exchanges.get(socket),
    whenAnswered: (socket, next) => {
      const { response } = exchanges.get(socket) ?? {};
      // Its socket is taken away when Node is done with it; one that waits for its turn has none yet.
      if (response === undefined || (response.writableFinished && response.socket === null)) next();
      else response.once('finish', next);
    },
  };
}
