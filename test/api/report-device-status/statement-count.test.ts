import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';
import { report, scopeToken } from './report.js';

describe('reportDeviceStatus costs one SQL statement, however many reports', () => {
  let gateway: TestGateway;
  let token: string;
  let ids: string[];
  const spy = spyOnStatements();

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
    ids = [];
    for (let index = 0; index < 6; index += 1) {
      ids.push((await createDevice(gateway, index < 3 ? {} : { status: null })).id);
    }
    token = await scopeToken(gateway);
    await report(gateway, [{ device: newId() }], token);
  });
  beforeEach(() => {
    spy.clear();
  });
  afterAll(async () => {
    spy.restore();
    await gateway.stop();
  });

  async function statementsFor(reports: readonly Record<string, unknown>[], auth = token): Promise<number> {
    await report(gateway, reports, auth);
    return spy.texts().length;
  }

  it('one report: 1', async () => {
    expect(await statementsFor([{ device: ids[0] }])).toBe(1);
  });

  it('known devices with and without a status, stale, bad and unknown ones: 1', async () => {
    const reports = [
      ...ids.map((device) => ({ device, upTime: 1 })),
      { device: newId() },
      { device: newId(), upTime: -1 },
      { device: 'no-id' },
    ];
    expect(await statementsFor(reports)).toBe(1);
    spy.clear();
    expect(await statementsFor(ids.map((device) => ({ device, lastComm: '1999-01-01T00:00:00Z' })))).toBe(1);
  });

  it('500 reports: 1', async () => {
    expect(await statementsFor(Array.from({ length: 500 }, () => ({ device: newId(), upTime: 1 })))).toBe(1);
  });

  it('devices that are named many times, 500 times one of them: 1', async () => {
    expect(await statementsFor([0, 1, 0, 2, 0].map((index) => ({ device: ids[index] })))).toBe(1);
    spy.clear();
    expect(
      await statementsFor(Array.from({ length: 500 }, (_, upTime) => ({ device: ids[0], upTime }))),
    ).toBe(1);
  });

  it('nothing to write, or nobody who may: 0', async () => {
    expect(await statementsFor([{ device: ids[0], upTime: -1 }, { device: 'no-id' }])).toBe(0);
    expect(await statementsFor([])).toBe(0);
    expect(await statementsFor([{ device: ids[0] }], await gateway.token('OWNER', newId()))).toBe(0);
    expect(await statementsFor([{ device: ids[0] }], 'garbage')).toBe(0);
  });
});
