import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AttemptSlots } from '../../src/provisioning/attempt-slots.js';
import { RetryPace } from '../../src/provisioning/retry-pace.js';

describe('slots of attempts', () => {
  let freed: number;
  let slots: AttemptSlots;
  beforeEach(() => {
    vi.useFakeTimers();
    freed = 0;
    slots = new AttemptSlots({ active: 2, open: 5, activeMs: 100 }, () => (freed += 1));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('an attempt that lasts gives its active slot to another', () => {
    slots.take();
    slots.take();
    expect(slots.free).toBe(0);
    vi.advanceTimersByTime(99);
    expect([slots.free, freed]).toEqual([0, 0]);
    vi.advanceTimersByTime(1);
    expect([slots.free, freed]).toEqual([2, 2]);
  });

  it('as long as fewer than the maximum are open', () => {
    const releases: (() => void)[] = [];
    for (let round = 0; round < 3; round += 1) {
      while (slots.free > 0) releases.push(slots.take());
      vi.advanceTimersByTime(100);
    }
    expect(releases).toHaveLength(5);
    expect(slots.free).toBe(0);
    releases[0]?.();
    expect(slots.free).toBe(1);
  });

  it('one that ends at once gives back all, and once', () => {
    const release = slots.take();
    expect(slots.free).toBe(1);
    release();
    vi.advanceTimersByTime(200);
    expect([slots.free, freed]).toEqual([2, 1]);
  });
});

describe('the pace of retries', () => {
  let now: number;
  let pace: RetryPace;
  beforeEach(() => {
    now = 5_000;
    pace = new RetryPace(100, () => now);
  });

  it('of silent devices: as many a second as keep the share open', () => {
    const delays = Array.from({ length: 1_000 }, () => pace.delayAfter(10_000));
    expect([delays[0], delays[1], delays[10], delays[999]]).toEqual([0, 100, 1_000, 99_900]);
    now += 99_950;
    expect(pace.delayAfter(10_000)).toBe(50);
    now += 1_000;
    expect(pace.delayAfter(10_000)).toBe(0);
  });

  it('of attempts that failed at once: no later than they would be', () => {
    const delays = Array.from({ length: 1_000 }, () => pace.delayAfter(5));
    expect(Math.max(...delays)).toBeLessThanOrEqual(50);
  });
});
