import { createHash } from 'node:crypto';
import { median } from './figures.js';

/** Milliseconds of CPU that the piece of work below takes on the machine that the bounds were chosen on, when nothing else runs. */
const REFERENCE_MS = 5;

const ROUNDS = 5;

const TEXT = JSON.stringify(
  Array.from({ length: 4_000 }, (_, id) => ({ id, name: `Device ${id}`, notes: ['a', 'b', { c: id / 3 }] })),
);

/**
 * How many times as much CPU a fixed piece of work takes here and now as on the machine that the bounds were chosen on; at least 1.
 * A machine that is slower, or whose cores share their caches with others, spends more CPU on the same request.
 */
export function slownessOfMachine(): number {
  const spent: number[] = [];
  while (spent.length < ROUNDS) {
    const before = process.cpuUsage();
    const parsed: unknown = JSON.parse(TEXT);
    createHash('sha256').update(JSON.stringify(parsed)).digest();
    const { user, system } = process.cpuUsage(before);
    spent.push((user + system) / 1_000);
  }
  return Math.max(1, median(spent) / REFERENCE_MS);
}
