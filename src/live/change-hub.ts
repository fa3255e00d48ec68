import { pause } from '../timing/pause.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { GatewayError } from '../errors/gateway-error.js';
import { describeCause } from '../logging/log.js';
import type {
  ChangedDevice,
  ChangeView,
  DeviceChanges,
  DeviceWatch,
} from '../operations/watch-network-devices.js';
import type { EndedDevice, StoredDeviceOrError } from '../persistence/rows/device-row.js';
import { EventQueue, type QueueLimits } from './event-queue.js';
import { filterOf, type Subscriber, SubscriberIndex } from './subscriber-index.js';
import { WatchBudget } from './watch-budget.js';

/** What the hub works with. */
export interface ChangeHubParts {
  /** The devices of these ids, at most 1,000, whoever may see them. */
  readonly read: (ids: readonly string[]) => Promise<readonly StoredDeviceOrError[]>;
  /** Those of these ids that are gone since a short time. */
  readonly readEnded: (ids: readonly string[]) => Promise<readonly EndedDevice[]>;
  /** Whether the feed listens. */
  readonly isFed: () => boolean;
  readonly log: Logger;
}

/**
 * How many changes wait for one subscriber. Many come at once by one statement, or after a stall of the database or of this process, and
 * those who read them have time for it.
 */
const WAITING: QueueLimits = { usual: 1_000, burst: 5_000, burstMs: 10_000 };

/** The same while more changes than this wait for all subscribers together: those who keep up have few. */
const MAX_WAITING_OF_ALL = 200_000;
const WAITING_THEN: QueueLimits = { usual: 100, burst: 100, burstMs: 0 };

/** Maximum number of deliveries in one turn of the event loop. */
const DELIVERIES_PER_TURN = 1_000;

/** Maximum number of changes that wait to be read, while the database is away. */
const MAX_PENDING = 100_000;

const READ_CHUNK = 1_000;

/** Maximum number of devices remembered whose subscribers got an event in state DELETING: their end brings no other event. */
const MAX_DELETED = 100_000;

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * Delivers changes to all subscribers of this instance. A changed device is read once, however many subscribers there are,
 * and one that changes several times while it is read is delivered as often.
 */
export class ChangeHub implements DeviceChanges {
  readonly #subscribers = new SubscriberIndex();
  readonly #budget = new WatchBudget();
  readonly #backlog = { waiting: 0 };
  readonly #stopping = new AbortController();
  // `max` would allocate the memory of all of them at once.
  readonly #toldDeleted = new LRUCache<string, true>({ maxSize: MAX_DELETED, sizeCalculation: () => 1 });
  #pending: string[] = [];
  #isReading = false;

  constructor(private readonly parts: ChangeHubParts) {}

  readonly watch = (watch: DeviceWatch): AsyncIterableIterator<ChangeView> => {
    if (!this.parts.isFed() || this.#stopping.signal.aborted) throw new GatewayError('DATABASE_UNAVAILABLE');
    const { subject, view, lifetime } = watch;
    const filter = filterOf(watch);
    const giveBack = this.#budget.take({
      subject,
      filter: { key: filter.key, ids: filter.deviceIds?.size ?? 0 },
      request: lifetime?.request() ?? { key: '', bytes: 0 },
    });
    const queue = new EventQueue<ChangeView>(this.#backlog, this.#limits, () => {
      remove();
      giveBack();
      this.parts.log.debug({ subscribers: this.#subscribers.size }, 'subscription ended');
    });
    const remove = this.#subscribers.add(filter, { view, lifetime, queue });
    this.parts.log.debug({ subscribers: this.#subscribers.size }, 'subscription started');
    const signal = lifetime?.signal;
    const onAbort = (): void => queue.end(failureOf(signal?.reason));
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    return queue;
  };

  /** Whether there are subscribers. */
  isWatched(): boolean {
    return this.#subscribers.size > 0;
  }

  /** These devices have changed, once for each time that they stand there. */
  changed(deviceIds: readonly string[]): void {
    const watched = deviceIds.filter((id) => this.#subscribers.mayWatch(id));
    if (watched.length === 0) return;
    if (this.#pending.length + watched.length > MAX_PENDING) {
      this.missedChanges();
      return;
    }
    this.#pending = this.#pending.concat(watched);
    if (this.#isReading) return;
    this.#isReading = true;
    void this.#deliverPending();
  }

  /** Changes were missed: all subscriptions end with an error, so that clients subscribe anew and read what they watch. */
  missedChanges(): void {
    this.#endAll(new GatewayError('DATABASE_UNAVAILABLE'));
  }

  /** Ends all subscriptions. */
  stop(): void {
    this.#stopping.abort();
    this.#endAll();
  }

  async #deliverPending(): Promise<void> {
    let delivered = 0;
    while (this.#pending.length > 0) {
      const ids = this.#pending.splice(0, READ_CHUNK);
      const devices = await this.#readPatiently([...new Set(ids)]);
      for (const id of ids) {
        const device = devices.get(id);
        if (device === undefined || this.#isToldAlready(device)) continue;
        delivered += this.#deliver(device);
        if (delivered < DELIVERIES_PER_TURN) continue;
        delivered = 0;
        await nextTurn();
      }
    }
    this.#isReading = false;
  }

  /** Retries until the database answers, or no subscriber is left. */
  async #readPatiently(ids: readonly string[]): Promise<ReadonlyMap<string, ChangedDevice>> {
    for (let wait = MIN_RETRY_MS; this.#subscribers.size > 0; wait = Math.min(wait * 2, MAX_RETRY_MS)) {
      try {
        const devices = this.#byId(await this.parts.read(ids));
        return await this.#withEnded(ids, devices);
      } catch (error) {
        this.parts.log.warn({ cause: describeCause(error) }, 'changed devices could not be read');
        // Another attempt would fail as well: subscribers get an error rather than miss a change.
        if (!isTransient(error)) this.#endAll(new GatewayError('INTERNAL_ERROR', {}, { cause: error }));
        else await pause(wait, this.#stopping.signal);
      }
    }
    return new Map();
  }

  /** Devices that were gone before subscribers got an event in state DELETING have one as well. */
  async #withEnded(
    ids: readonly string[],
    devices: ReadonlyMap<string, ChangedDevice>,
  ): Promise<ReadonlyMap<string, ChangedDevice>> {
    const missing = ids.filter((id) => !devices.has(id) && !this.#toldDeleted.has(id));
    if (missing.length === 0) return devices;
    const ended = await this.parts.readEnded(missing);
    return new Map<string, ChangedDevice>([
      ...devices,
      ...ended.map((device) => [device.id, device] as const),
    ]);
  }

  /** Whether it is gone, and had an event in state DELETING before. */
  #isToldAlready(device: ChangedDevice): boolean {
    const isEnded = 'lastVersion' in device;
    if (isEnded && this.#toldDeleted.has(device.id)) return true;
    if (isEnded || ('state' in device && device.state === 'DELETING')) this.#toldDeleted.set(device.id, true);
    // A fleet may be imported again, with the ids that it had.
    else if ('state' in device) this.#toldDeleted.delete(device.id);
    return false;
  }

  /** A device that cannot be read is logged, and delivered as an error to those who reach it. */
  #byId(found: readonly StoredDeviceOrError[]): ReadonlyMap<string, ChangedDevice> {
    const devices = new Map<string, ChangedDevice>();
    for (const device of found) {
      if (device instanceof Error) {
        const cause = describeCause(device);
        this.parts.log.error({ deviceId: device.id, cause }, 'a changed device cannot be read');
      }
      if (hasCustomer(device)) devices.set(device.id, device);
    }
    return devices;
  }

  /** @returns the number of subscribers that it was offered to */
  #deliver(device: ChangedDevice): number {
    const subscribers = this.#subscribers.of(device);
    const views = new Map<string, ChangeView | undefined>();
    for (const subscriber of subscribers) {
      const { lifetime, queue } = subscriber;
      const view = viewOf(device, subscriber, views);
      if (view === undefined || queue.push(view)) continue;
      const message = 'This subscriber takes changes more slowly than they come.';
      const error = new GatewayError('OVERLOADED', { message });
      queue.end({ error });
      lifetime?.onOverload(error);
    }
    return subscribers.length;
  }

  readonly #limits = (): QueueLimits => (this.#backlog.waiting < MAX_WAITING_OF_ALL ? WAITING : WAITING_THEN);

  #endAll(error?: GatewayError): void {
    this.#pending = [];
    for (const { queue } of this.#subscribers.all()) queue.end(error && { error });
  }
}

/** Those who share their work are given the same view, which is made once. @param views of those who were asked before */
function viewOf(
  device: ChangedDevice,
  { view, lifetime }: Subscriber,
  views: Map<string, ChangeView | undefined>,
): ChangeView | undefined {
  const key = lifetime?.shareKey();
  if (key === undefined) return view(device);
  if (!views.has(key)) views.set(key, view(device));
  return views.get(key);
}

function hasCustomer(device: StoredDeviceOrError): device is Exclude<ChangedDevice, EndedDevice> {
  return device.customer !== undefined;
}

/** The database is away, or has too much to do for one more statement. */
function isTransient(error: unknown): boolean {
  return (
    error instanceof GatewayError && (error.code === 'DATABASE_UNAVAILABLE' || error.code === 'OVERLOADED')
  );
}

function failureOf(reason: unknown): { readonly error: GatewayError } | undefined {
  return reason instanceof GatewayError ? { error: reason } : undefined;
}
