import { expect, it } from 'vitest';
import { INTERVALS } from '../../src/app/intervals.js';

it('credentials are asked for again every minute, and clients that are silent are told from those that are gone within 15 s', () => {
  expect(INTERVALS.credentialRecheckMs).toBe(60_000);
  expect(INTERVALS.pingMs).toBeLessThanOrEqual(15_000);
});
