import type { DeviceView } from '../operations/device-view.js';
import type { DeviceWatch } from '../operations/watch-network-devices.js';
import type { StoredDevice } from '../persistence/device-row.js';
import type { EventQueue } from './event-queue.js';

/** One subscription. */
export interface Subscriber {
  readonly watch: DeviceWatch;
  readonly queue: EventQueue<DeviceView>;
}

/** Finds the subscribers that a change may concern without asking all of them. */
export class SubscriberIndex {
  readonly #all = new Set<Subscriber>();
  readonly #byDevice = new Map<string, Set<Subscriber>>();
  readonly #byCustomer = new Map<string, Set<Subscriber>>();
  readonly #unfiltered = new Set<Subscriber>();

  get size(): number {
    return this.#all.size;
  }

  add(subscriber: Subscriber): void {
    this.#all.add(subscriber);
    const { deviceIds, customerId } = subscriber.watch;
    if (deviceIds !== undefined) for (const id of deviceIds) addTo(this.#byDevice, id, subscriber);
    else if (customerId !== undefined) addTo(this.#byCustomer, customerId, subscriber);
    else this.#unfiltered.add(subscriber);
  }

  delete(subscriber: Subscriber): void {
    if (!this.#all.delete(subscriber)) return;
    const { deviceIds, customerId } = subscriber.watch;
    if (deviceIds !== undefined) for (const id of deviceIds) deleteFrom(this.#byDevice, id, subscriber);
    else if (customerId !== undefined) deleteFrom(this.#byCustomer, customerId, subscriber);
    else this.#unfiltered.delete(subscriber);
  }

  /** Whether anybody may want to know of a device of which nothing but its id is known. */
  mayWatch(deviceId: string): boolean {
    return this.#unfiltered.size > 0 || this.#byCustomer.size > 0 || this.#byDevice.has(deviceId);
  }

  /** Those whose filter the device passes, as they are now. */
  of(device: StoredDevice): readonly Subscriber[] {
    const byDevice = [...(this.#byDevice.get(device.id) ?? [])];
    return [
      ...byDevice.filter(({ watch: { customerId } }) => [undefined, device.customer.id].includes(customerId)),
      ...(this.#byCustomer.get(device.customer.id) ?? []),
      ...this.#unfiltered,
    ];
  }

  all(): readonly Subscriber[] {
    return [...this.#all];
  }
}

function addTo(index: Map<string, Set<Subscriber>>, key: string, subscriber: Subscriber): void {
  const subscribers = index.get(key);
  if (subscribers === undefined) index.set(key, new Set([subscriber]));
  else subscribers.add(subscriber);
}

function deleteFrom(index: Map<string, Set<Subscriber>>, key: string, subscriber: Subscriber): void {
  const subscribers = index.get(key);
  subscribers?.delete(subscriber);
  if (subscribers?.size === 0) index.delete(key);
}
