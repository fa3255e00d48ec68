import type { Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';

/** Maximum time that an endpoint may take to begin its answer, and as long again to end it. */
export const TIMEOUT_MS = 10_000;
/** How long a connection is kept that nobody uses. */
const KEPT_MS = 4_000;
/** Maximum size of an answer that is read; a reason is far shorter. */
const MAX_ANSWER_BYTES = 256_000;

/** What an endpoint answered. */
export interface EndpointAnswer {
  readonly status: number;
  /** What came, to its end or to a limit of its length and time. */
  readonly content: Buffer;
}

/** The other side closed a kept connection before it said anything about the request, which it may not have seen. */
export class KeptConnectionClosed extends Error {}

/** Nothing came in time, or nobody waits for it any more. */
export class NoAnswer extends Error {}

/** Sends a request to an endpoint. @throws KeptConnectionClosed, NoAnswer or why the connection failed */
type Send = (request: Dispatcher.DispatchOptions, signal: AbortSignal) => Promise<EndpointAnswer>;

/** The connections to one endpoint. */
export interface EndpointConnections {
  /** Over a connection that is kept, if one is free. */
  readonly send: Send;
  /** Over a connection of its own. */
  readonly sendAlone: Send;
}

/** Opens connections as they are needed. @param origin scheme, host and port */
export function endpointConnections(origin: string): EndpointConnections {
  const free: Connection[] = [];
  const sendOver = async (connection: Connection, ...sent: Parameters<Send>): Promise<EndpointAnswer> => {
    try {
      const answer = await connection.send(...sent);
      free.push(connection);
      return answer;
    } catch (error) {
      connection.close();
      throw error;
    }
  };
  return {
    send: async (...sent) => await sendOver(free.pop() ?? new Connection(origin), ...sent),
    sendAlone: async (...sent) => await sendOver(new Connection(origin), ...sent),
  };
}

/** An exchange gives up before, and says so in its own words; this ends what still tries to connect. */
const connect = buildConnector({ timeout: 1.1 * TIMEOUT_MS });

/** A connection for one request at a time. It is opened for the first one, and anew for one after it was closed. */
class Connection {
  #socket: Socket | null = null;
  readonly #client: Client;

  constructor(origin: string) {
    this.#client = new Client(origin, {
      // An exchange has its own, which hold for its whole length.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: KEPT_MS,
      keepAliveMaxTimeout: KEPT_MS,
      connect: (options, callback) =>
        connect(options, (...outcome) => {
          this.#socket = outcome[1];
          callback(...outcome);
        }),
    });
  }

  /** How much the present connection has brought; 0 while there is none. */
  get bytesRead(): number {
    return this.#socket?.bytesRead ?? 0;
  }

  async send(request: Dispatcher.DispatchOptions, signal: AbortSignal): Promise<EndpointAnswer> {
    return await new Promise((resolve, reject) => {
      const exchange = new Exchange(this, resolve, reject);
      signal.addEventListener('abort', () => exchange.giveUp(), { once: true });
      this.#client.dispatch(request, exchange);
    });
  }

  close(): void {
    void this.#client.destroy();
  }
}

const CLOSED: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** A request and its answer. Once the answer has begun, what came is all that there is, whatever becomes of the rest. */
class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  /** What the connection had brought before; 0 when it is new. */
  #readBefore = 0;
  #status = 0;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #isOver = false;
  readonly #deadline = setTimeout(() => this.giveUp(), TIMEOUT_MS);

  constructor(
    private readonly connection: Connection,
    private readonly resolve: (answer: EndpointAnswer) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  giveUp(): void {
    if (this.#isOver) return;
    const why = new NoAnswer();
    this.#end(why);
    this.#controller?.abort(why);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#readBefore = this.connection.bytesRead;
  }

  onResponseStart(_: unknown, status: number): void {
    // Others are no answers yet.
    if (status < 200) return;
    this.#status = status;
    this.#deadline.refresh();
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.byteLength;
    if (this.#length > MAX_ANSWER_BYTES) this.giveUp();
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_: unknown, error: Error): void {
    const isUnheard = this.#readBefore > 0 && this.connection.bytesRead === this.#readBefore;
    this.#end(isUnheard && 'code' in error && CLOSED.has(error.code) ? new KeptConnectionClosed() : error);
  }

  /** @param brokenBy what broke the exchange off; it counts only where no answer has begun */
  #end(brokenBy?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    if (this.#status === 0 && brokenBy !== undefined) this.reject(brokenBy);
    else this.resolve({ status: this.#status, content: Buffer.concat(this.#chunks) });
  }
}
