import { describe, expect, it } from 'vitest';
import { endablePause } from '../../src/timing/pause.js';

describe('a pause that can be ended', () => {
  it('ends in time', async () => {
    const began = performance.now();
    await endablePause(20).ended;
    // Timers of Node count whole milliseconds.
    expect(performance.now() - began).toBeGreaterThanOrEqual(19);
  });

  it('ends when it is told to, and may be told again', async () => {
    const began = performance.now();
    const { ended, end } = endablePause(60_000);
    end();
    end();
    await ended;
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('keeps no process alive', () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const { end } = endablePause(60_000);
    expect(timers()).toBe(before);
    end();
  });
});
