import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../src/limits/rate-limiter.js';

/** A limiter whose clock a test moves. */
function limiterAt(count: number, periodMs: number, maxClients = 100) {
  const clock = { now: 1_000 };
  return { clock, limiter: new RateLimiter({ count, periodMs }, maxClients, () => clock.now) };
}

describe('a budget', () => {
  it('is had at once, and then waited for', () => {
    const { clock, limiter } = limiterAt(3, 60_000);
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 20_000]);
    clock.now += 5_000;
    expect(limiter.take('a')).toBe(15_000);
    clock.now += 15_000;
    expect(limiter.take('a')).toBe(0);
    expect(limiter.take('a')).toBe(20_000);
  });

  it('is whole again after its period, and never more than whole', () => {
    const { clock, limiter } = limiterAt(3, 60_000);
    for (let index = 0; index < 3; index += 1) limiter.take('a');
    clock.now += 10_000_000;
    expect([1, 2, 3, 4].map(() => limiter.take('a'))).toEqual([0, 0, 0, 20_000]);
  });

  it('is each client its own', () => {
    const { limiter } = limiterAt(1, 60_000);
    expect([limiter.take('a'), limiter.take('b')]).toEqual([0, 0]);
    expect([limiter.take('a') > 0, limiter.take('b') > 0]).toEqual([true, true]);
  });

  it('gets back what was taken for nothing', () => {
    const { limiter } = limiterAt(1, 60_000);
    for (let index = 0; index < 5; index += 1) {
      expect(limiter.take('a')).toBe(0);
      limiter.giveBack('a');
    }
    limiter.giveBack('nobody');
    expect(limiter.take('a')).toBe(0);
    expect(limiter.take('a')).toBeGreaterThan(0);
  });

  it('holds over any times: nobody gets more than two budgets in a period, and waiting for as long as the error says is enough', () => {
    const waits = fc.array(fc.nat(400), { minLength: 50, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7_000 }), waits, (count, pauses) => {
        const { clock, limiter } = limiterAt(count, 60_000);
        const taken: number[] = [];
        for (const pause of pauses) {
          clock.now += pause;
          const wait = limiter.take('a');
          if (wait === 0) taken.push(clock.now);
          else {
            expect(taken.length).toBeGreaterThanOrEqual(count);
            clock.now += wait;
            expect(limiter.take('a')).toBe(0);
            taken.push(clock.now);
          }
        }
        const spentMs = clock.now - 1_000;
        expect(taken.length).toBeLessThanOrEqual(count + (spentMs * count) / 60_000 + 1);
      }),
    );
  });
});

describe('memory', () => {
  it('holds so many clients and no more; the quietest is forgotten first', () => {
    const { limiter } = limiterAt(1, 60_000, 10);
    limiter.take('busy');
    for (let index = 0; index < 1_000; index += 1) {
      limiter.take(`stranger ${index}`);
      if (index % 5 === 0) limiter.giveBack('busy');
      if (index % 5 === 0) expect(limiter.take('busy')).toBe(0);
    }
    expect(limiter.size).toBe(10);
    expect(limiter.take('busy')).toBeGreaterThan(0);
    expect(limiter.take('stranger 3')).toBe(0);
  });
});
