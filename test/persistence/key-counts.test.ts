import { beforeEach, describe, expect, it } from 'vitest';
import { idempotencyKeys, type IdempotencyKeys } from '../../src/persistence/idempotency/idempotency-keys.js';

/** How many live keys the database says that each subject has. */
let stored: number;
/** How often it was asked. */
let counts: number;
let keys: IdempotencyKeys;
let used: number;
/** In milliseconds; 0 is no time to the cache. */
let now: number;

beforeEach(() => {
  now = 1;
  counts = 0;
  used = 0;
  keys = idempotencyKeys(
    async (_, [subjects]) => {
      counts += 1;
      return await Promise.resolve(Array.isArray(subjects) ? subjects.map(() => ({ keys: stored })) : []);
    },
    Buffer.alloc(32, 7),
    { now: () => now },
  );
});

const use = async (): Promise<void> => {
  used += 1;
  await keys.assertBelowLimit(keys.digest('subject', `key ${used}`, ''));
};
const REFUSED = { code: 'RATE_LIMITED' };

describe('the live keys of a subject', () => {
  it('are counted again after two minutes while they are few', async () => {
    stored = 10;
    await use();
    now += 119_000;
    await use();
    expect(counts).toBe(1);
    now += 1_001;
    await use();
    expect(counts).toBe(2);
  });

  it('are counted again after ten seconds when they are half of the maximum, and what this process adds counts meanwhile', async () => {
    stored = 99_998;
    await use();
    await use();
    await expect(use()).rejects.toMatchObject(REFUSED);
    now += 9_000;
    await expect(use()).rejects.toMatchObject(REFUSED);
    expect(counts).toBe(1);
    stored = 10;
    now += 1_001;
    await use();
    expect(counts).toBe(2);
  });
});
