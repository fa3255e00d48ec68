import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ConnectionLease } from '../../limits/connection-leases.js';
import type { UnreadBytes, UnreadOfConnection } from '../../limits/unread-bytes.js';

/** The headers of server-sent events: whoever stands in between neither keeps them back nor compresses them. */
export const EVENT_STREAM_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
};

/** A line that clients leave out. */
const COMMENT = ':\n\n';

/** The last event of an operation (GraphQL over SSE, distinct connections mode). */
export const COMPLETE_EVENT = 'event: complete\ndata:\n\n';

/** The event that carries an answer. @param json in one line */
export function nextEvent(json: string): string {
  return `event: next\ndata: ${json}\n\n`;
}

/** One stream of server-sent events, from the moment that it has its lease until its answer is closed. */
export class EventStream {
  readonly #socket: Socket;
  readonly #unread: UnreadOfConnection;
  readonly #ending = new AbortController();
  readonly #closed = new AbortController();
  /** What waits for its client to take what was written. */
  readonly #unsettled = new Set<() => void>();
  #response: ServerResponse | undefined;
  #isCommentUnread = false;

  /** @param closeMs how long its client may take to read what is left when it has ended */
  constructor(
    socket: Socket,
    unread: UnreadBytes,
    { client }: ConnectionLease,
    private readonly closeMs: number,
  ) {
    this.#socket = socket;
    this.#unread = unread.open(client, () => this.destroy());
    if (socket.destroyed) this.#close();
    else socket.once('close', this.#close);
  }

  /** Whether nothing more can be sent. */
  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Called once, as soon as nothing more can be sent. */
  onEnd(listener: () => void): void {
    whenAborted(this.#ending.signal, listener);
  }

  /** Called once, when its client is gone or has read everything. */
  onClose(listener: () => void): void {
    whenAborted(this.#closed.signal, listener);
  }

  /** Begins to write. The first line is read at once by those who wait for the headers. */
  begin(response: ServerResponse): void {
    this.#response = response;
    response.once('close', this.#close);
    if (this.#closed.signal.aborted) response.destroy();
    else if (this.isOver) response.end();
    else if (response.req.method === 'HEAD') this.end();
    else void this.send(COMMENT);
  }

  /** @returns fulfilled when it was taken, or never will be */
  async send(text: string): Promise<void> {
    if (!this.isOver) await this.#write(text);
  }

  /** Keeps proxies from ending a stream on which nothing happens, and ends one whose client has not read the comment before. */
  keepAlive(): void {
    if (this.#isCommentUnread) {
      this.destroy();
      return;
    }
    this.#isCommentUnread = true;
    void this.send(COMMENT).then(() => (this.#isCommentUnread = false));
  }

  /** Ends it behind what its client has yet to read. @param last what is sent at the end */
  end(last?: string): void {
    if (this.isOver) return;
    this.#ending.abort();
    if (last !== undefined) void this.#write(last);
    this.#response?.end();
    const closing = setTimeout(() => this.destroy(), this.closeMs).unref();
    this.onClose(() => clearTimeout(closing));
  }

  /** Ends it and its connection without a last event: clients reconnect elsewhere. */
  goAway(): void {
    this.#response?.once('finish', () => this.#socket.end());
    this.end();
  }

  async #write(text: string): Promise<void> {
    const response = this.#response;
    if (response === undefined) return;
    const taken = this.#unread.sent(Buffer.byteLength(text));
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.#unsettled.delete(settle);
        resolve();
      };
      this.#unsettled.add(settle);
      response.write(text, settle);
    });
    taken();
  }

  /** Ends it at once, and the connection with it when it has begun. */
  destroy(): void {
    this.#response?.destroy();
    this.#close();
  }

  readonly #close = (): void => {
    this.#socket.off('close', this.#close);
    this.#ending.abort();
    this.#closed.abort();
    for (const settle of this.#unsettled) settle();
  };
}

function whenAborted(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
}
