import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { rowWaits } from '../../src/persistence/database/batched.js';

const AT_ONCE = 5;

/** What becomes of a write that waits for its turn for this long. */
async function afterWaiting(waitMs: number, connectionWaitMs: number): Promise<unknown> {
  const inTurn = rowWaits(() => connectionWaitMs);
  const holders = Array.from({ length: AT_ONCE }, async () => {
    await inTurn(async () => await delay(waitMs));
  });
  const outcome = inTurn(async () => await Promise.resolve('written')).catch((error: unknown) => error);
  await Promise.all(holders);
  return await outcome;
}

it.each([
  ['a short wait, however long connections are waited for', 20, 4_000, 'written'],
  ['a long wait where connections are to be had', 1_100, 0, 'written'],
  ['a long wait where connections are waited for as well', 1_100, 4_000, { code: 'OVERLOADED' }],
])('after %s', async (_, waitMs, connectionWaitMs, outcome) => {
  const received = await afterWaiting(waitMs, connectionWaitMs);
  if (typeof outcome === 'string') expect(received).toBe(outcome);
  else expect(received).toMatchObject(outcome);
});
