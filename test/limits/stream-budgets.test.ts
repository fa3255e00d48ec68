import { describe, expect, it } from 'vitest';
import { deliverySlots } from '../../src/limits/delivery-slots.js';
import { eventLoopTurns } from '../../src/limits/event-loop-turns.js';
import { UnreadBytes } from '../../src/limits/unread-bytes.js';

describe('bytes that clients do not read', () => {
  const of = (unread: UnreadBytes, client: string, dropped: string[], name = client) =>
    unread.open(
      () => client,
      () => dropped.push(name),
    );

  it('a connection is dropped that goes on while more waits than may; one long message is none', () => {
    const dropped: string[] = [];
    const unread = new UnreadBytes({ ofConnection: 100 });
    const one = of(unread, 'a', dropped);
    const taken = one.sent(5_000);
    expect(dropped).toEqual([]);
    taken();
    one.sent(100);
    one.sent(1);
    expect(dropped).toEqual([]);
    one.sent(1);
    expect(dropped).toEqual(['a']);
    expect(unread.total).toBe(0);
  });

  it('of one client, and of the process, the connection for which most waits is dropped', () => {
    const dropped: string[] = [];
    const unread = new UnreadBytes({ ofConnection: 1_000, ofClient: 100, ofProcess: 150 });
    const [first, second] = [of(unread, 'a', dropped, 'a1'), of(unread, 'a', dropped, 'a2')];
    first.sent(60);
    second.sent(50);
    expect(dropped).toEqual(['a1']);
    const other = of(unread, 'b', dropped);
    other.sent(90);
    const third = of(unread, 'c', dropped);
    const taken = third.sent(20);
    expect(dropped).toEqual(['a1', 'b']);
    taken();
    taken();
    expect(unread.total).toBe(50 - 20);
  });

  it('what was taken does not count, nor what a dropped connection had', () => {
    const dropped: string[] = [];
    const unread = new UnreadBytes({ ofClient: 100 });
    const one = of(unread, 'a', dropped);
    for (let count = 0; count < 100; count += 1) one.sent(90)();
    expect(unread.total).toBe(0);
    const late = one.sent(50);
    one.sent(60);
    expect(dropped).toEqual(['a']);
    late();
    expect(unread.total).toBe(0);
  });

  it('counts for the subject from the moment that it is known', () => {
    const dropped: string[] = [];
    const unread = new UnreadBytes({ ofClient: 100 });
    let client = 'network';
    const one = unread.open(
      () => client,
      () => dropped.push('one'),
    );
    const taken = one.sent(80);
    client = 'subject';
    one.sent(80);
    expect(dropped).toEqual([]);
    taken();
    expect(unread.total).toBe(80);
  });
});

describe('slots of deliveries', () => {
  it('are given in order, back once, and not to those who have gone', async () => {
    const acquire = deliverySlots(2);
    const { signal } = new AbortController();
    const gone = new AbortController();
    const [first, second] = [await acquire(signal), await acquire(signal)];
    const order: string[] = [];
    const third = acquire(gone.signal).then((slot) =>
      order.push(`third ${slot === undefined ? 'none' : ''}`),
    );
    const fourth = acquire(signal).then((slot) => {
      order.push('fourth');
      return slot;
    });
    const fifth = acquire(signal).then(() => order.push('fifth'));
    gone.abort();
    await third;
    first?.();
    first?.();
    await fourth;
    expect(order).toEqual(['third none', 'fourth']);
    second?.();
    await fifth;
    expect(await acquire(gone.signal)).toBeUndefined();
  });
});

describe('turns of the event loop', () => {
  it('a flood of work takes several, and I/O comes in between', async () => {
    const takeTurn = eventLoopTurns(10);
    const turns: number[] = [];
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        await takeTurn();
        turns.push(turn);
      }),
    );
    isOver = true;
    const sizes = [...new Set(turns)].map((at) => turns.filter((other) => other === at).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
    expect(turns).toHaveLength(100);
  });
});
