import { describe, expect, it } from 'vitest';
import { importFleet } from '../../src/operations/import-fleet/import-fleet.js';
import type { FleetWriter } from '../../src/persistence/devices/fleet-writer.js';

const LENGTH = 12_000;
const idOf = (number: number): string => number.toString(16).padStart(24, '0');

/** Keeps the customers that it is given, in their order. */
function keeping(kept: string[]): FleetWriter {
  const none = async (): Promise<number> => await Promise.resolve(0);
  return {
    knownCustomers: async () => await Promise.resolve(new Set<string>()),
    knownDeviceModels: async () => await Promise.resolve([]),
    macsOfOthers: async () => await Promise.resolve(new Set<string>()),
    insertCustomers: async (customers) => {
      kept.push(...customers.map(({ id }) => id));
      return await Promise.resolve(customers.length);
    },
    insertDeviceModels: none,
    insertDevices: none,
  };
}

async function importCustomers(customers: readonly object[]) {
  const kept: string[] = [];
  const write = async <T>(work: (writer: FleetWriter) => Promise<T>): Promise<T> => await work(keeping(kept));
  const outcome = await importFleet(write, { customers }, () => undefined, new Date());
  return { outcome, kept };
}

describe('an import puts customers in below their resellers, whatever the order in the file', () => {
  it('a chain of 12,000, the last one first', async () => {
    const chain = Array.from({ length: LENGTH }, (_, index) => ({
      id: idOf(index),
      name: `Customer ${index}`,
      parentReseller: index === 0 ? null : idOf(index - 1),
    }));
    const { outcome, kept } = await importCustomers(chain.toReversed());
    expect(outcome).toMatchObject({ inserted: { customers: LENGTH } });
    expect(kept).toEqual(chain.map(({ id }) => id));
  });

  it('several trees at once', async () => {
    const { kept } = await importCustomers([
      { id: idOf(3), name: 'C', parentReseller: idOf(2) },
      { id: idOf(5), name: 'E', parentReseller: idOf(4) },
      { id: idOf(2), name: 'B', parentReseller: idOf(1) },
      { id: idOf(1), name: 'A' },
      { id: idOf(4), name: 'D' },
    ]);
    expect(kept.indexOf(idOf(1))).toBeLessThan(kept.indexOf(idOf(2)));
    expect(kept.indexOf(idOf(2))).toBeLessThan(kept.indexOf(idOf(3)));
    expect(kept.indexOf(idOf(4))).toBeLessThan(kept.indexOf(idOf(5)));
  });

  it('a circle of 12,000 and what hangs below it are reported, nobody else', async () => {
    const circle = Array.from({ length: LENGTH }, (_, index) => ({
      id: idOf(index),
      name: `Customer ${index}`,
      parentReseller: idOf((index + 1) % LENGTH),
    }));
    const below = { id: idOf(LENGTH), name: 'Below', parentReseller: idOf(7) };
    const alone = { id: idOf(LENGTH + 1), name: 'Alone' };
    const { outcome, kept } = await importCustomers([alone, ...circle, below]);
    const errors = 'errors' in outcome ? outcome.errors : [];
    expect(errors).toHaveLength(LENGTH + 1);
    expect(errors[0]).toMatch(/^customers\[1\]\.parentReseller: .*circle/);
    expect(kept).toEqual([]);
  });
});
