import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HttpError } from './http-error.js';

/** Maximum number of requests of one connection that wait for those before them. */
const MAX_WAITING = 32;

/** The requests of one connection; one of them is handled. */
interface Line {
  isBusy: boolean;
  readonly waiting: (() => void)[];
}

/**
 * Lets the requests of a connection be handled one after the other: the next one when the answer before has left for the
 * network. Clients can send any number of requests without reading an answer.
 */
export class Turns {
  readonly #lines = new WeakMap<Duplex, Line>();

  /**
   * Waits for the turn of a request, which ends with its answer. When the connection breaks before, it never comes.
   * @throws HttpError 503 when too many wait
   */
  take(socket: Duplex, response: ServerResponse): Promise<void> | undefined {
    const line = this.#lineOf(socket);
    if (line.waiting.length >= MAX_WAITING) {
      const message = `A connection has at most ${MAX_WAITING} requests that wait for those before them.`;
      throw new HttpError(503, 'OVERLOADED', message, { connection: 'close' });
    }
    response.once('close', () => {
      // What comes after a connection's last answer is not done, nor is what nobody waits for any more.
      if (!socket.writable) return;
      const next = line.waiting.shift();
      if (next === undefined) line.isBusy = false;
      else next();
    });
    if (line.isBusy) return new Promise((resolve) => line.waiting.push(resolve));
    line.isBusy = true;
    return undefined;
  }

  #lineOf(socket: Duplex): Line {
    const known = this.#lines.get(socket);
    if (known !== undefined) return known;
    const line: Line = { isBusy: false, waiting: [] };
    this.#lines.set(socket, line);
    return line;
  }
}
