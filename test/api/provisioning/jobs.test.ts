import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ACCESS_LEVELS, type AccessLevel } from '../../../src/access/viewer.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';
import { retry, update } from './provisioning.js';

const jobs = z.array(z.object({ id: z.string(), state: z.string() }));
const single = z.object({ networkDevice: z.object({ provisioningJobs: jobs }) });

describe('provisioningJobs', () => {
  let gateway: TestGateway;
  let customer: string;
  let token: string;
  let id: string;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
    ({ id, customer } = await createDevice(gateway));
    token = await gateway.token('MANAGER', customer);
    for (let change = 1; change <= 25; change += 1) {
      await update(gateway, token, id, { wifi: { ssid: `Change ${change}` } });
    }
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const list = async (args = '') =>
    await gateway.query(
      `query ($id: ID!) { networkDevice(id: $id) { provisioningJobs${args} { id state } } }`,
      {
        token,
        variables: { id },
      },
    );
  const found = async (args = '') => single.parse((await list(args)).data).networkDevice.provisioningJobs;

  it('are the newest 20, the newest first', async () => {
    const all = await found('(first: 500)');
    expect(all).toHaveLength(25);
    expect(all.map((job) => job.id)).toEqual(
      all
        .map((job) => job.id)
        .toSorted()
        .toReversed(),
    );
    expect(all.map(({ state }) => state)).toEqual(['QUEUED', ...Array<string>(24).fill('SUPERSEDED')]);
    expect(await found()).toEqual(all.slice(0, 20));
    expect(await found('(first: null)')).toEqual(all.slice(0, 20));
    expect(await found('(first: 3)')).toEqual(all.slice(0, 3));
    expect(await found('(first: 0)')).toEqual([]);
  });

  it('can be chosen by state', async () => {
    expect(await found('(state: [QUEUED, FAILED])')).toHaveLength(1);
    expect(await found('(first: 2, state: SUPERSEDED)')).toHaveLength(2);
    expect(await found('(state: [APPLIED])')).toEqual([]);
    expect(await found('(state: [])')).toEqual([]);
    expect(await found('(state: null)')).toHaveLength(20);
  });

  it.each([-1, 501])('first: %i is refused', async (first) => {
    const { data, errors } = await list(`(first: ${first})`);
    expect(data).toEqual({ networkDevice: { provisioningJobs: null } });
    expect(errors).toMatchObject([
      {
        path: ['networkDevice', 'provisioningJobs'],
        extensions: { code: 'INVALID_VALUE', rest: { code: 422, message: 'first' }, deviceId: id },
      },
    ]);
  });

  it('a state that does not exist is VALUE_NOT_PERMITTED', async () => {
    const { errors } = await list('(state: [DONE])');
    expect(errors[0]?.extensions).toMatchObject({ code: 'VALUE_NOT_PERMITTED', rest: { message: 'state' } });
  });

  it('of a page of devices cost one statement', async () => {
    for (let count = 0; count < 4; count += 1) {
      const { id: other } = await createDevice(gateway, { customer });
      await retry(gateway, token, other);
    }
    const spy = spyOnStatements();
    const query = '{ networkDeviceConnection { nodes { id provisioningJobs { state } } } }';
    const { data } = await gateway.query(query, { token });
    const nodes = z.array(z.object({ provisioningJobs: jobs.or(z.array(z.object({ state: z.string() }))) }));
    const page = z.object({ networkDeviceConnection: z.object({ nodes }) }).parse(data);
    expect(page.networkDeviceConnection.nodes.map((node) => node.provisioningJobs.length).toSorted()).toEqual(
      [1, 1, 1, 1, 20],
    );
    expect(spy.texts()).toHaveLength(2);
    spy.restore();
  });
});

describe('retryProvisioning is for whoever may update the device', () => {
  let gateway: TestGateway;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const MAY: ReadonlySet<AccessLevel> = new Set(['MANAGER', 'OWNER', 'RESELLER', 'ADMIN']);

  it.each(ACCESS_LEVELS)('%s', async (level) => {
    const device = await createDevice(gateway);
    const { errors } = await retry(gateway, await gateway.token(level, device.customer), device.id);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(MAY.has(level) ? [] : ['ACCESS_DENIED']);
    const { rows } = await gateway.sql.query('SELECT FROM provisioning_job WHERE device_id = $1', [
      device.id,
    ]);
    expect(rows).toHaveLength(MAY.has(level) ? 1 : 0);
  });

  it('a device that is missing, out of reach, or an id that is none look alike', async () => {
    const token = await gateway.token('OWNER', await createCustomer(gateway));
    const { id: foreign } = await createDevice(gateway);
    const answers = await Promise.all(
      [foreign, newId(), 'no id'].map(async (id) => {
        const { text } = await retry(gateway, token, id);
        return text.replaceAll(id, 'ID').replaceAll(/"requestId":"[^"]+"/g, '');
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('ACCESS_DENIED');
  });

  it('ADMIN learns that a device is missing', async () => {
    const { errors } = await retry(gateway, await gateway.token('ADMIN', newId()), newId());
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', rest: { code: 404, message: 'id' } });
  });
});
