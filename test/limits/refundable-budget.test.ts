import { expect, it } from 'vitest';
import { RateLimiter } from '../../src/limits/rate-limiter.js';
import { RefundableBudget } from '../../src/limits/refundable-budget.js';

const REFUSED = { retryAfterMs: 1_000 };

/** Runs whose ends the test decides on: a budget of one, which does not come back by itself. */
function budgetOfOne(maxWaiting: number) {
  const budget = new RefundableBudget(
    new RateLimiter({ count: 1, periodMs: 1_000 }, 10, () => 0),
    maxWaiting,
  );
  const ends: ((isFree: boolean) => void)[] = [];
  const work = async (): Promise<boolean> => await new Promise((resolve) => ends.push(resolve));
  const run = async (client: string, mayWait = true) =>
    await budget.run(client, work, (isFree) => isFree, mayWait);
  return { ends, run };
}

it('what is beyond the budget waits, up to a number, and is run when budget comes back', async () => {
  const { ends, run } = budgetOfOne(2);
  const [first, second, third] = [run('a'), run('a'), run('a')];
  expect(await run('a')).toEqual(REFUSED);
  expect(ends).toHaveLength(1);
  ends[0]?.(true);
  expect(await first).toEqual({ result: true });
  await expect.poll(() => ends.length).toBe(2);
  ends[1]?.(true);
  expect(await second).toEqual({ result: true });
  await expect.poll(() => ends.length).toBe(3);
  ends[2]?.(false);
  expect(await third).toEqual({ result: false });
  expect(await run('a')).toEqual(REFUSED);
});

it('when nothing is given back, all that wait are refused', async () => {
  const { ends, run } = budgetOfOne(2);
  const [first, second, third] = [run('a'), run('a'), run('a')];
  ends[0]?.(false);
  expect(await Promise.all([first, second, third])).toEqual([{ result: false }, REFUSED, REFUSED]);
});

it('who may not wait is refused at once, and another client has a budget of its own', async () => {
  const { ends, run } = budgetOfOne(2);
  const first = run('a');
  expect(await run('a', false)).toEqual(REFUSED);
  const other = run('b');
  for (const end of ends) end(true);
  expect(await Promise.all([first, other])).toEqual([{ result: true }, { result: true }]);
});
