import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { expectRefused, type Input, storedRow, update } from './update.js';

const LISTED = 100;
const reservations = (count: number, entry: object = {}): Input => ({
  dhcp: { reservedClients: Array.from({ length: count }, () => entry) },
});

describe('updateNetworkDevice lists no more violations than somebody reads', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([257, 31_000])('%d reservations are one violation, and no entry is checked', async (count) => {
    const device = await createDevice(gateway);
    await expectRefused(gateway, device, reservations(count), ['dhcp.reservedClients']);
    const { errors } = await update(gateway, device, { name: '', ...reservations(count) });
    const { violations, moreViolations } = errors[0]?.extensions ?? {};
    expect(violations?.map(({ path }) => path)).toEqual(['name', 'dhcp.reservedClients']);
    expect(moreViolations).toBeUndefined();
  });

  it('lists 100 in order and counts the rest', async () => {
    const device = await createDevice(gateway);
    const before = await storedRow(gateway, device);
    const { device: answer, errors } = await update(gateway, device, { name: '', ...reservations(256) });
    expect(answer).toBeNull();
    const { violations, moreViolations } = errors[0]?.extensions ?? {};
    expect(violations?.map(({ path }) => path)).toEqual(
      ['name', ...Array.from({ length: 50 }, (_, index) => [`[${index}].mac`, `[${index}].ip`]).flat()]
        .slice(0, LISTED)
        .map((path, index) => (index === 0 ? path : `dhcp.reservedClients${path}`)),
    );
    expect(moreViolations).toBe(1 + 2 * 256 - LISTED);
    expect(await storedRow(gateway, device)).toBe(before);
  });

  it('counts nothing beside 100 of them', async () => {
    const { errors } = await update(gateway, await createDevice(gateway), reservations(50));
    expect(errors[0]?.extensions.violations).toHaveLength(LISTED);
    expect(errors[0]?.extensions).not.toHaveProperty('moreViolations');
  });
});
