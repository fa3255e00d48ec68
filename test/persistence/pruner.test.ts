import { pino } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { PRUNE_STEP, startPruner } from '../../src/persistence/database/pruner.js';

/** A pruner whose every step is full, and takes so long by a clock of its own. @returns the values of its steps so far */
function startBusyPruner(stepMs: number): { steps: (readonly unknown[])[]; stop: () => Promise<void> } {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const steps: (readonly unknown[])[] = [];
  const stop = startPruner({
    run: async (_, values) => {
      steps.push(values);
      now += stepMs;
      return await Promise.resolve(Array.from({ length: PRUNE_STEP }, () => ({})));
    },
    prunables: [{ what: 'jobs', keepMs: 1, statement: { text: 'DELETE', onLostConnection: 'unknown' } }],
    log: pino({ level: 'silent' }),
    onRemoved: () => undefined,
  });
  return { steps, stop };
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it('between two full steps clients have the database for longer than a step took, and a stop waits for none of it', async () => {
  const { steps, stop } = startBusyPruner(3_600_000);
  // Without a rest all steps of a round follow each other at once.
  await delay(50);
  expect(steps).toHaveLength(1);
  await stop();
});

it('what a round leaves, however old, is removed in the next one', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const { steps, stop } = startBusyPruner(1);
  await expect.poll(() => steps.length).toBe(100);
  await delay(10);
  vi.advanceTimersByTime(10_000);
  await expect.poll(() => steps.length).toBeGreaterThan(100);
  expect(steps[100]).toEqual(steps[0]);
  await stop();
});
