import { hash } from 'node:crypto';
import type { ChangedDevice, ChangeView, DeviceWatch } from '../operations/watch-network-devices.js';
import type { EventQueue } from './event-queue.js';

/** One subscription. */
export interface Subscriber extends Pick<DeviceWatch, 'view' | 'lifetime'> {
  readonly queue: EventQueue<ChangeView>;
}

/** Which devices are watched. */
interface DeviceFilter extends Pick<DeviceWatch, 'deviceIds' | 'customerId'> {
  /** Names it: equal filters have equal keys. */
  readonly key: string;
}

/** A filter and those who have it: one that names many ids is kept once, however many subscribe. */
interface FilterGroup extends DeviceFilter {
  readonly subscribers: Set<Subscriber>;
}

/** The filter of a subscription. */
export function filterOf({ deviceIds, customerId }: DeviceWatch): DeviceFilter {
  const ids = deviceIds && [...deviceIds].toSorted();
  const key = hash('sha256', JSON.stringify([customerId ?? null, ids ?? null]), 'base64');
  return { key, deviceIds, customerId };
}

/** Finds the subscribers that a change may concern without asking all of them. */
export class SubscriberIndex {
  readonly #groups = new Map<string, FilterGroup>();
  readonly #byDevice = new Map<string, Set<FilterGroup>>();
  readonly #byCustomer = new Map<string, Set<FilterGroup>>();
  readonly #unfiltered = new Set<FilterGroup>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @returns takes the subscriber out again */
  add(filter: DeviceFilter, subscriber: Subscriber): () => void {
    const group = this.#groupFor(filter);
    group.subscribers.add(subscriber);
    this.#size += 1;
    return () => {
      if (!group.subscribers.delete(subscriber)) return;
      this.#size -= 1;
      if (group.subscribers.size === 0) this.#forget(group);
    };
  }

  /** Whether anybody may want to know of a device of which nothing but its id is known. */
  mayWatch(deviceId: string): boolean {
    return this.#unfiltered.size > 0 || this.#byCustomer.size > 0 || this.#byDevice.has(deviceId);
  }

  /** Those whose filter the device passes, as they are now. */
  of(device: ChangedDevice): readonly Subscriber[] {
    const byDevice = [...(this.#byDevice.get(device.id) ?? [])];
    const groups = [
      ...byDevice.filter(({ customerId }) => [undefined, device.customer.id].includes(customerId)),
      ...(this.#byCustomer.get(device.customer.id) ?? []),
      ...this.#unfiltered,
    ];
    return groups.flatMap(({ subscribers }) => [...subscribers]);
  }

  all(): readonly Subscriber[] {
    return [...this.#groups.values()].flatMap(({ subscribers }) => [...subscribers]);
  }

  #groupFor({ key, deviceIds, customerId }: DeviceFilter): FilterGroup {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group: FilterGroup = { key, deviceIds, customerId, subscribers: new Set() };
    this.#groups.set(key, group);
    if (deviceIds !== undefined) for (const id of deviceIds) addTo(this.#byDevice, id, group);
    else if (customerId !== undefined) addTo(this.#byCustomer, customerId, group);
    else this.#unfiltered.add(group);
    return group;
  }

  #forget(group: FilterGroup): void {
    const { key, deviceIds, customerId } = group;
    this.#groups.delete(key);
    if (deviceIds !== undefined) for (const id of deviceIds) deleteFrom(this.#byDevice, id, group);
    else if (customerId !== undefined) deleteFrom(this.#byCustomer, customerId, group);
    else this.#unfiltered.delete(group);
  }
}

function addTo(index: Map<string, Set<FilterGroup>>, key: string, group: FilterGroup): void {
  const groups = index.get(key);
  if (groups === undefined) index.set(key, new Set([group]));
  else groups.add(group);
}

function deleteFrom(index: Map<string, Set<FilterGroup>>, key: string, group: FilterGroup): void {
  const groups = index.get(key);
  groups?.delete(group);
  if (groups?.size === 0) index.delete(key);
}
