import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../src/timing/semaphore.js';

/** A piece of work that the test ends. */
function work(): { readonly begin: () => Promise<string>; isBegun: boolean; end: (fails?: Error) => void } {
  const begun = {
    isBegun: false,
    end: (): void => undefined,
    begin: async () =>
      await new Promise<string>((resolve, reject) => {
        begun.isBegun = true;
        begun.end = (fails?: Error) => (fails === undefined ? resolve('done') : reject(fails));
      }),
  };
  return begun;
}

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;

describe('slots for work at once', () => {
  it('run as much as there are slots, and the rest in its order', async () => {
    const slots = new Semaphore(2);
    const works = [work(), work(), work(), work()];
    const results = works.map(async ({ begin }) => await slots.run(begin));
    const begun = (): boolean[] => works.map(({ isBegun }) => isBegun);
    await turn();
    expect(begun()).toEqual([true, true, false, false]);
    works[1]?.end();
    await turn();
    expect(begun()).toEqual([true, true, true, false]);
    works[2]?.end();
    await turn();
    expect(begun()).toEqual([true, true, true, true]);
    for (const { end } of works) end();
    expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done']);
  });

  it('come back when work fails, and however many have waited', async () => {
    const slots = new Semaphore(1);
    const failing = work();
    const failed = slots.run(failing.begin);
    const waiting = Array.from(
      { length: 50 },
      async (_, n) => await slots.run(async () => await Promise.resolve(n)),
    );
    failing.end(new Error('x'));
    await expect(failed).rejects.toThrow('x');
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    const [one, other] = [work(), work()];
    const results = [slots.run(one.begin), slots.run(other.begin)];
    await turn();
    expect([one.isBegun, other.isBegun]).toEqual([true, false]);
    one.end();
    await turn();
    other.end();
    expect(await Promise.all(results)).toEqual(['done', 'done']);
  });

  it('go to whoever waits before somebody who asks later', async () => {
    const slots = new Semaphore(1);
    const order: string[] = [];
    const first = work();
    const results = [slots.run(first.begin)];
    const waits = slots.run(async () => await Promise.resolve(order.push('waited')));
    first.end();
    const late = slots.run(async () => await Promise.resolve(order.push('late')));
    await Promise.all([...results, waits, late]);
    expect(order).toEqual(['waited', 'late']);
  });

  it('are refused at once, or after the longest wait, before any work', async () => {
    for (const maxWaitMs of [0, 20]) {
      const slots = new Semaphore(1, { maxWaitMs, refusal: () => new Error('refused') });
      const [first, refused] = [work(), work()];
      const running = slots.run(first.begin);
      await expect(slots.run(refused.begin)).rejects.toThrow('refused');
      expect(refused.isBegun).toBe(false);
      first.end();
      await running;
      // Who was refused does not wait any more: the slot is free.
      expect(await slots.run(async () => await Promise.resolve('in'))).toBe('in');
    }
  });

  it('come within the longest wait', async () => {
    const slots = new Semaphore(1, { maxWaitMs: 20_000, refusal: () => new Error('refused') });
    const [first, second] = [work(), work()];
    const results = [slots.run(first.begin), slots.run(second.begin)];
    await turn();
    first.end();
    await turn();
    second.end();
    expect(await Promise.all(results)).toEqual(['done', 'done']);
  });

  it('are held until they are released, and not given to who gave up', async () => {
    const slots = new Semaphore(1);
    expect(await slots.acquire(never)).toBe(true);
    const leaving = new AbortController();
    const [given, next] = [slots.acquire(leaving.signal), slots.acquire(never)];
    leaving.abort();
    expect(await given).toBe(false);
    slots.release();
    expect(await next).toBe(true);
    slots.release();
    expect(await slots.acquire(AbortSignal.abort())).toBe(false);
    expect(await slots.run(async () => await Promise.resolve('in'))).toBe('in');
  });
});
