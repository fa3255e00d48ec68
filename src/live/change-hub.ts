import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { GatewayError } from '../errors/gateway-error.js';
import { describeCause } from '../logging/log.js';
import type { DeviceView } from '../operations/device-view.js';
import type { DeviceChanges, DeviceWatch } from '../operations/watch-network-devices.js';
import type { StoredDevice } from '../persistence/device-row.js';
import { EventQueue } from './event-queue.js';
import { type Subscriber, SubscriberIndex } from './subscriber-index.js';

/** What the hub works with. */
export interface ChangeHubParts {
  /** The devices of these ids, at most 1,000, whoever may see them. */
  readonly read: (ids: readonly string[]) => Promise<readonly StoredDevice[]>;
  /** Whether changes are heard of. */
  readonly isFed: () => boolean;
  readonly log: Logger;
}

/** Changes that wait for one subscriber. */
const MAX_WAITING = 1_000;

/** Changes that wait to be read, while the database is away. */
const MAX_PENDING = 100_000;

const READ_CHUNK = 1_000;

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * Tells all subscribers of this instance of changes. A changed device is read once, however many are told, and one
 * that changes several times while it is read is told as often.
 */
export class ChangeHub implements DeviceChanges {
  readonly #subscribers = new SubscriberIndex();
  readonly #stopping = new AbortController();
  #pending: string[] = [];
  #isReading = false;

  constructor(private readonly parts: ChangeHubParts) {}

  readonly watch = (watch: DeviceWatch): AsyncIterableIterator<DeviceView> => {
    if (!this.parts.isFed() || this.#stopping.signal.aborted) throw new GatewayError('DATABASE_UNAVAILABLE');
    const queue = new EventQueue<DeviceView>(MAX_WAITING, () => {
      this.#subscribers.delete(subscriber);
      this.parts.log.debug({ subscribers: this.#subscribers.size }, 'subscription ended');
    });
    const subscriber: Subscriber = { watch, queue };
    this.#subscribers.add(subscriber);
    this.parts.log.debug({ subscribers: this.#subscribers.size }, 'subscription started');
    const signal = watch.lifetime?.signal;
    const onAbort = (): void => queue.end(failureOf(signal?.reason));
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    return queue;
  };

  /** These devices have changed, once for each time that they stand there. */
  changed(deviceIds: readonly string[]): void {
    const watched = deviceIds.filter((id) => this.#subscribers.mayWatch(id));
    if (watched.length === 0) return;
    if (this.#pending.length + watched.length > MAX_PENDING) {
      this.lost();
      return;
    }
    this.#pending = this.#pending.concat(watched);
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#tellPending();
  }

  /** Changes were missed: everybody is told to subscribe anew and to read what they watch. */
  lost(): void {
    this.#endAll(new GatewayError('DATABASE_UNAVAILABLE'));
  }

  /** Ends all subscriptions. */
  stop(): void {
    this.#stopping.abort();
    this.#endAll();
  }

  async #tellPending(): Promise<void> {
    while (this.#pending.length > 0) {
      const ids = this.#pending.splice(0, READ_CHUNK);
      const devices = await this.#readPatiently([...new Set(ids)]);
      for (const id of ids) {
        const device = devices.get(id);
        if (device !== undefined) this.#tell(device);
      }
    }
    this.#isReading = false;
  }

  /** Tries until the database answers, or nobody waits for it any more. */
  async #readPatiently(ids: readonly string[]): Promise<ReadonlyMap<string, StoredDevice>> {
    for (let wait = MIN_RETRY_MS; this.#subscribers.size > 0; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      try {
        return new Map((await this.parts.read(ids)).map((device) => [device.id, device]));
      } catch (error) {
        this.parts.log.warn({ cause: describeCause(error) }, 'changed devices could not be read');
        // What no time will mend is told, rather than a change left out in silence.
        if (!isPassing(error)) this.#endAll(new GatewayError('INTERNAL_ERROR', {}, { cause: error }));
        else await pause(wait, this.#stopping.signal);
      }
    }
    return new Map();
  }

  #tell(device: StoredDevice): void {
    for (const { watch, queue } of this.#subscribers.of(device)) {
      const view = watch.view(device);
      if (view === undefined || queue.push(view)) continue;
      const message = 'This subscriber takes changes more slowly than they come.';
      const error = new GatewayError('OVERLOADED', { message });
      queue.end({ error });
      watch.lifetime?.onOverload(error);
    }
  }

  #endAll(error?: GatewayError): void {
    this.#pending = [];
    for (const { queue } of this.#subscribers.all()) queue.end(error && { error });
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'DATABASE_UNAVAILABLE';
}

function failureOf(reason: unknown): { readonly error: GatewayError } | undefined {
  return reason instanceof GatewayError ? { error: reason } : undefined;
}

async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stopping, ref: false }).catch(() => undefined);
}
