import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { GatewayError } from '../../src/errors/gateway-error.js';
import { ChangeHub } from '../../src/live/change-hub.js';
import type { DeviceWatch } from '../../src/operations/watch-network-devices.js';
import type { StoredDevice } from '../../src/secrets/device-secrets.js';

const CUSTOMER = 'c'.repeat(24);

function deviceOf(id: string, customerId = CUSTOMER): StoredDevice {
  const capabilities = { wifi: false, wifi2G: false, wifi5G: false, wifi6G: false, simSupport: false };
  return {
    id,
    version: 1,
    state: 'ACTIVE',
    name: 'Router',
    notes: null,
    macAddress: '000000000000',
    serialNumber: null,
    mvnoAccount: null,
    jobs: 0,
    hasRunningJob: false,
    hasOpenRemoval: false,
    isGivenUp: false,
    wifi: null,
    dhcp: null,
    status: null,
    model: { id, name: 'NX', type: 'ROUTER', brand: null, description: null, picture: null, capabilities },
    customer: { id: customerId, name: 'Bakery', ancestorIds: [customerId] },
    createdAt: new Date(0),
    updatedAt: new Date(0),
  };
}

let watches = 0;

/** A subscription that no other is equal to. */
const ALONE = {
  shareKey: () => String((watches += 1)),
  request: () => ({ key: String((watches += 1)), bytes: 1_000 }),
};

const ANY: DeviceWatch = {
  subject: 'somebody',
  deviceIds: undefined,
  customerId: undefined,
  view: (device) =>
    device instanceof Error || 'lastVersion' in device ? undefined : { device, passwords: 'hidden' },
  lifetime: undefined,
};

describe('the hub reads a changed device once for all who watch it', () => {
  let reads: (readonly string[])[];
  /** Thrown by the next reads, the first one first. */
  let errors: Error[];
  /** Devices that are gone, and whose end is noted. */
  let ended: Set<string>;
  let isFed: boolean;
  let hub: ChangeHub;
  beforeEach(() => {
    reads = [];
    errors = [];
    isFed = true;
    ended = new Set();
    hub = new ChangeHub({
      readEnded: async (ids) =>
        await Promise.resolve(
          ids
            .filter((id) => ended.has(id))
            .map((id) => ({ id, customer: deviceOf(id).customer, lastVersion: 2 })),
        ),
      read: async (ids) => {
        reads.push(ids);
        await delay(5);
        const failure = errors.shift();
        if (failure !== undefined) throw failure;
        return ids.filter((id) => id !== 'gone' && !ended.has(id)).map((id) => deviceOf(id));
      },
      isFed: () => isFed,
      log: pino({ level: 'silent' }),
    });
  });

  /** The ids of the next events of a subscriber. */
  const next = async (events: ReturnType<ChangeHub['watch']>, count: number): Promise<string[]> => {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) {
      const event = await events.next();
      if (event.done === true) throw new Error('It has ended.');
      if (event.value instanceof Error) throw event.value;
      ids.push('device' in event.value ? event.value.device.id : event.value.identityOf.id);
    }
    return ids;
  };

  it('once for all, in the order of the changes, as often as it changed', async () => {
    const subscribers = [hub.watch(ANY), hub.watch(ANY), hub.watch({ ...ANY, customerId: CUSTOMER })];
    hub.changed(['a', 'b', 'a']);
    hub.changed(['b', 'gone', 'c']);
    for (const subscriber of subscribers)
      expect(await next(subscriber, 5)).toEqual(['a', 'b', 'a', 'b', 'c']);
    expect(reads).toEqual([
      ['a', 'b'],
      ['b', 'gone', 'c'],
    ]);
  });

  it('nothing while nobody watches, and nothing that nobody can watch', async () => {
    hub.changed(['a']);
    const one = hub.watch({ ...ANY, deviceIds: new Set(['b']) });
    hub.changed(['a', 'b', 'c']);
    expect(await next(one, 1)).toEqual(['b']);
    await one.return?.();
    hub.changed(['b']);
    await delay(20);
    expect(reads).toEqual([['b']]);
  });

  it('the end of a device once, and again when it was back in between', async () => {
    const view: DeviceWatch['view'] = (device) => {
      if (device instanceof Error) return undefined;
      return { identityOf: { id: 'lastVersion' in device ? `end of ${device.id}` : device.id, version: 1 } };
    };
    const subscriber = hub.watch({ ...ANY, view });
    ended.add('a');
    hub.changed(['a', 'a']);
    expect(await next(subscriber, 1)).toEqual(['end of a']);
    ended.delete('a');
    hub.changed(['a']);
    expect(await next(subscriber, 1)).toEqual(['a']);
    ended.add('a');
    hub.changed(['a']);
    expect(await next(subscriber, 1)).toEqual(['end of a']);
  });

  it('at most 1,000 devices at a time', async () => {
    const subscriber = hub.watch(ANY);
    const ids = Array.from({ length: 1_500 }, (_, index) => String(index));
    const received = next(subscriber, 1_500);
    hub.changed(ids);
    expect(await received).toEqual(ids);
    expect(reads.map(({ length }) => length)).toEqual([1_000, 500]);
  });

  it('a read that fails because the database is away, or has too much to do, is repeated, and nothing is lost meanwhile', async () => {
    errors = [new GatewayError('DATABASE_UNAVAILABLE'), new GatewayError('OVERLOADED')];
    const subscriber = hub.watch(ANY);
    hub.changed(['a']);
    await delay(20);
    hub.changed(['b', 'a']);
    expect(await next(subscriber, 3)).toEqual(['a', 'b', 'a']);
  });

  it('any other failure is reported; the hub goes on', async () => {
    errors = [new Error('a bug')];
    const subscriber = hub.watch(ANY);
    hub.changed(['a']);
    await expect(subscriber.next()).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(await subscriber.next()).toEqual({ done: true, value: undefined });
    const another = hub.watch(ANY);
    hub.changed(['b']);
    expect(await next(another, 1)).toEqual(['b']);
  });

  it('changes that were missed end everything with DATABASE_UNAVAILABLE', async () => {
    const [waiting, busy] = [hub.watch(ANY), hub.watch(ANY)];
    const failure = expect(waiting.next()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    hub.missedChanges();
    await failure;
    await expect(busy.next()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('nobody can watch before changes are heard, nor after the end', async () => {
    isFed = false;
    expect(() => hub.watch(ANY)).toThrow(new GatewayError('DATABASE_UNAVAILABLE'));
    isFed = true;
    const subscriber = hub.watch(ANY);
    const waiting = subscriber.next();
    hub.stop();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(() => hub.watch(ANY)).toThrow(new GatewayError('DATABASE_UNAVAILABLE'));
  });

  it('1,000 changes wait for a subscriber for longer than ten seconds; one more is too many', async () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const subscriber = hub.watch(ANY);
    const quick = hub.watch(ANY);
    hub.changed(Array.from({ length: 1_500 }, () => 'a'));
    await next(quick, 1_500);
    await next(subscriber, 600);
    now.mockReturnValue(60_000);
    hub.changed(Array.from({ length: 200 }, () => 'a'));
    await next(quick, 200);
    now.mockReturnValue(69_999);
    hub.changed(['a']);
    await next(quick, 1);
    now.mockReturnValue(70_000);
    hub.changed(['a']);
    await next(quick, 1);
    now.mockRestore();
    await expect(subscriber.next()).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('5,000 changes wait for a subscriber for a moment; one more is too many', async () => {
    const overloads: GatewayError[] = [];
    const { signal } = new AbortController();
    const lifetime = { ...ALONE, signal, onOverload: (error: GatewayError) => void overloads.push(error) };
    const slow = hub.watch({ ...ANY, lifetime });
    const quick = hub.watch(ANY);
    hub.changed(Array.from({ length: 5_000 }, () => 'a'));
    await next(quick, 5_000);
    expect(overloads).toEqual([]);
    hub.changed(['a']);
    await next(quick, 1);
    expect(overloads).toMatchObject([{ code: 'OVERLOADED' }]);
    await expect(slow.next()).rejects.toBe(overloads[0]);
  });

  it('a lifetime ends it, with its reason if that is for the subscriber', async () => {
    const [told, silent, late] = [new AbortController(), new AbortController(), new AbortController()];
    const watch = ({ signal }: AbortController) =>
      hub.watch({ ...ANY, lifetime: { ...ALONE, signal, onOverload: () => undefined } });
    const [first, second] = [watch(told), watch(silent)];
    told.abort(new GatewayError('UNAUTHENTICATED'));
    silent.abort();
    late.abort();
    await expect(first.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await second.next()).toMatchObject({ done: true });
    expect(await watch(late).next()).toMatchObject({ done: true });
    hub.changed(['a']);
    await delay(10);
    expect(reads).toEqual([]);
  });
});
