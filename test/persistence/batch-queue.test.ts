import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { batched } from '../../src/persistence/database/batched.js';

/** Serves numbers by batches that end when the test says so. */
function heldBatches(): {
  readonly ask: (from: number, count: number) => Promise<readonly number[]>;
  readonly sent: (readonly number[])[];
  readonly endFirst: () => void;
} {
  const sent: (readonly number[])[] = [];
  const ends: (() => void)[] = [];
  const serve = batched(async (requests: readonly number[]) => {
    sent.push(requests);
    await new Promise<void>((resolve) => ends.push(resolve));
    return requests.map((request) => -request);
  });
  return {
    ask: async (from, count) =>
      await Promise.all(Array.from({ length: count }, async (_, index) => await serve(from + index))),
    sent,
    endFirst: () => ends.shift()?.(),
  };
}

describe('batches', () => {
  it('take what one turn brings, at its end', async () => {
    const { ask, sent, endFirst } = heldBatches();
    const both = Promise.all([ask(1, 2), ask(3, 1)]);
    await turn();
    await turn();
    expect(sent).toEqual([[1, 2, 3]]);
    endFirst();
    expect(await both).toEqual([[-1, -2], [-3]]);
  });

  it('wait for nothing while few requests are under way', async () => {
    const { ask, sent } = heldBatches();
    for (const request of [1, 2, 3, 4]) {
      void ask(request, 1);
      await turn();
      await turn();
    }
    expect(sent).toEqual([[1], [2], [3], [4]]);
  });

  it('take what comes while many are under way, and go when those have ended', async () => {
    const { ask, sent, endFirst } = heldBatches();
    const first = ask(1, 4);
    await turn();
    await turn();
    const others = Promise.all([ask(5, 1), turn().then(async () => await ask(6, 2))]);
    await turn();
    await turn();
    expect(sent).toEqual([[1, 2, 3, 4]]);
    endFirst();
    await first;
    await turn();
    await turn();
    expect(sent).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7],
    ]);
    endFirst();
    expect(await others).toEqual([[-5], [-6, -7]]);
  });

  it('do not wait long for one that does not end', async () => {
    const { ask, sent } = heldBatches();
    void ask(1, 4);
    await turn();
    await turn();
    void ask(5, 1);
    await delay(5);
    void ask(6, 1);
    await expect
      .poll(() => sent)
      .toEqual([
        [1, 2, 3, 4],
        [5, 6],
      ]);
  });

  it('go on after one that failed', async () => {
    const sent: (readonly number[])[] = [];
    const serve = batched(async (requests: readonly number[]) => {
      sent.push(requests);
      await turn();
      if (sent.length === 1) throw new Error('broken');
      return requests;
    });
    const failing = Promise.allSettled([1, 2, 3, 4].map(serve));
    await turn();
    await turn();
    const next = serve(5);
    expect((await failing).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(await next).toBe(5);
    expect(await serve(6)).toBe(6);
  });
});
