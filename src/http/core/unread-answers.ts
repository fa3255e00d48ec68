import type { ServerResponse } from 'node:http';

/** Maximum number of bytes of answers that wait for their clients to read them, in one process. */
const MAX_BYTES = 128 * 1_024 * 1_024;

/**
 * Follows the answers that wait to be read. Beyond the limit the connection whose answer has waited for longest is closed:
 * a client that reads makes room, one that does not takes no more of the memory.
 */
export class UnreadAnswers {
  readonly #bytesOf = new Map<ServerResponse, number>();
  #bytes = 0;

  constructor(private readonly maxBytes = MAX_BYTES) {}

  /** Follows an answer that was just given to its connection. */
  add(response: ServerResponse, bytes: number): void {
    // Most are with the system already.
    if (response.writableLength === 0) return;
    this.#bytesOf.set(response, bytes);
    this.#bytes += bytes;
    response.once('close', () => this.#remove(response));
    for (const oldest of this.#bytesOf.keys()) {
      if (this.#bytes <= this.maxBytes || oldest === response) break;
      this.#remove(oldest);
      oldest.destroy();
    }
  }

  #remove(response: ServerResponse): void {
    this.#bytes -= this.#bytesOf.get(response) ?? 0;
    this.#bytesOf.delete(response);
  }
}
