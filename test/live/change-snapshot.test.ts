import { describe, expect, it } from 'vitest';
import { ChangePosition, parseSnapshot } from '../../src/persistence/changes/change-snapshot.js';

const MINUTE = 60_000;
const snapshot = (xmin: number, xmax = xmin) => parseSnapshot(`${xmin}:${xmax}:`);

describe('a snapshot is read', () => {
  it.each([
    ['10:10:', { xmin: 10n, xmax: 10n, running: [] }],
    ['10:20:10', { xmin: 10n, xmax: 20n, running: [10n] }],
    [
      '4294967306:4294967320:4294967306,4294967311',
      { xmin: 4294967306n, xmax: 4294967320n, running: [4294967306n, 4294967311n] },
    ],
  ])('%s', (text, expected) => {
    expect(parseSnapshot(text)).toEqual(expected);
  });
});

describe('how far changes have been read', () => {
  it('lets go what is older than ten minutes, and knows that others do', () => {
    const position = new ChangePosition();
    for (let minute = 0; minute <= 12; minute += 1) position.moveTo(snapshot(minute * 100), minute * MINUTE);
    expect(position.prunableBelow(12 * MINUTE)).toBe(200n);
    expect(position.prunableBelow(9 * MINUTE)).toBeUndefined();
    expect(position.hasGap(snapshot(2_000), 12 * MINUTE)).toBe(false);
    expect(position.hasGap(snapshot(2_000), 21 * MINUTE)).toBe(false);
    expect(position.hasGap(snapshot(2_000), 21 * MINUTE + 1)).toBe(true);
  });

  it('a database that counts from a lower number is a gap; after it everything starts anew', () => {
    const position = new ChangePosition();
    expect(position.hasGap(snapshot(1), 0)).toBe(false);
    position.moveTo(snapshot(100), 0);
    expect(position.hasGap(snapshot(100), 0)).toBe(false);
    expect(position.hasGap(snapshot(99), 0)).toBe(true);
    position.reset();
    expect(position.seen).toBeUndefined();
    expect(position.prunableBelow(20 * MINUTE)).toBeUndefined();
  });
});
