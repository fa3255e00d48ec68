import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../../src/access/viewer.js';
import { Subscriber } from '../../live/subscriber.js';
import { createCustomer } from '../../support/fleet.js';
import { newId, newMac, queryAt, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { localClaims, localKey, sign } from '../../support/tokens.js';
import { create, createModel, faultOf, idIn } from './create.js';

let gateway: TestGateway;
let southbound: Southbound;
let model: string;
let customer: string;
let token: string;

beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway(southbound.env);
  model = await createModel(gateway);
  customer = await createCustomer(gateway);
  token = await gateway.token('MANAGER', customer);
});
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});

const countDevices = async (): Promise<unknown> =>
  (await gateway.sql.query('SELECT count(*) FROM network_device')).rows;

describe('createNetworkDevice', () => {
  it('creates an ACTIVE device without job and status where there is nothing to send', async () => {
    const macAddress = newMac();
    const answer = await create(gateway, token, {
      model,
      macAddress,
      serialNumber: ' SN 1 ',
      mvnoAccount: newId(),
    });
    const id = idIn(answer);
    expect((await create(gateway, token, { model, name: null })).data).toMatchObject({
      createNetworkDevice: { name: 'NX-510' },
    });
    expect(answer.data).toMatchObject({
      createNetworkDevice: {
        version: 1,
        state: 'ACTIVE',
        name: 'NX-510',
        jobs: 0,
        macAddress,
        serialNumber: 'SN 1',
        model: { id: model },
        customer: { id: customer },
        wifi: null,
        dhcp: null,
        status: null,
      },
    });
    const { data } = await gateway.query(
      'query ($id: ID!) { networkDevice(id: $id) { macAddress customer { id } } }',
      {
        token,
        variables: { id },
      },
    );
    expect(data).toEqual({ networkDevice: { macAddress, customer: { id: customer } } });
    const { rows } = await gateway.sql.query(
      'SELECT action, version, paths FROM device_audit WHERE device_id = $1',
      [id],
    );
    expect(rows).toEqual([
      { action: 'CREATE', version: 1, paths: ['name', 'macAddress', 'serialNumber', 'mvnoAccount'] },
    ]);
  });

  it('sends the settings of one that has a section, by one job', async () => {
    const answer = await create(gateway, token, {
      model,
      name: 'Kiosk',
      wifi: { enabled: true, ssid: 'S', password: 'first password' },
    });
    const deviceId = idIn(answer);
    expect(answer.data).toMatchObject({
      createNetworkDevice: { state: 'PROVISIONING', jobs: 1, status: { provisioned: false, online: null } },
    });
    const read = async (): Promise<unknown> =>
      (
        await gateway.query(
          'query ($id: ID!) { networkDevice(id: $id) { state jobs provisioningJobs { version state } } }',
          {
            token,
            variables: { id: deviceId },
          },
        )
      ).data;
    await expect.poll(read).toEqual({
      networkDevice: { state: 'ACTIVE', jobs: 0, provisioningJobs: [{ version: 1, state: 'APPLIED' }] },
    });
    expect(southbound.arrivals.filter((order) => order.deviceId === deviceId)).toMatchObject([
      { version: 1, wifi: { ssid: 'S', password: 'first password' }, dhcp: null },
    ]);
  });

  it('writes nothing for a dry run, whose id names nothing', async () => {
    const before = await countDevices();
    const answer = await create(gateway, token, { model, dhcp: {} }, true);
    expect(answer.data).toMatchObject({
      createNetworkDevice: {
        version: 1,
        state: 'PROVISIONING',
        jobs: 1,
        dhcp: { enable: false, reservedClients: [] },
      },
    });
    expect(await countDevices()).toEqual(before);
  });

  it('reports every violation in the order of the input', async () => {
    const before = await countDevices();
    const input = {
      customer,
      model: newId(),
      macAddress: 'x',
      serialNumber: '',
      name: '\u0007',
      notes: '\u0000',
      wifi: { enabled: true },
      dhcp: { enable: true, ipPoolStart: '1', ipPoolEnd: '10.0.0.9', leaseTime: 9 },
    };
    expect(faultOf(await create(gateway, token, input))).toEqual([
      'INVALID_VALUE',
      'model',
      'macAddress',
      'serialNumber',
      'name',
      'notes',
      'wifi.ssid',
      'dhcp.ipPoolStart',
    ]);
    expect(await countDevices()).toEqual(before);
  });

  it.each([
    ['a multicast address', { macAddress: '01:00:5E:00:00:FB' }, 'macAddress'],
    ['the address of all', { macAddress: 'FFFFFFFFFFFF' }, 'macAddress'],
    ['zero', { macAddress: '00-00-00-00-00-00' }, 'macAddress'],
    ['a name that does not show', { name: '\u200b\u00ad' }, 'name'],
  ])('refuses %s', async (_, input, path) => {
    expect(faultOf(await create(gateway, token, { model, ...input }))).toEqual(['INVALID_VALUE', path]);
  });

  it('refuses what the model cannot do', async () => {
    const input = {
      model: await createModel(gateway, false),
      mvnoAccount: newId(),
      wifi: { enabled6G: true, ssid6G: 'S', password6G: 'long enough' },
    };
    expect(faultOf(await create(gateway, token, input))).toEqual([
      'INVALID_VALUE',
      'mvnoAccount',
      'wifi.enabled6G',
    ]);
  });

  it('gives one MAC address to one of many at once', async () => {
    const macAddress = newMac();
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => await create(gateway, token, { model, macAddress })),
    );
    const faults = answers.filter(({ errors }) => errors.length > 0).map(faultOf);
    expect(faults).toEqual(Array(7).fill(['MAC_ADDRESS_IN_USE', 'macAddress']));
  });

  it('makes ids that rise from second to second', async () => {
    const first = idIn(await create(gateway, token, { model }));
    await expect
      .poll(() => Math.floor(Date.now() / 1000) > Number.parseInt(first.slice(0, 8), 16))
      .toBe(true);
    const second = idIn(await create(gateway, token, { model }));
    expect(second > first).toBe(true);
  });

  it('is an event for subscribers of the customer', async () => {
    const subscriber = await Subscriber.connect(gateway, { authorization: `Bearer ${token}` });
    try {
      await subscriber.watch('w', { customer });
      idIn(await create(gateway, token, { model }));
      await subscriber.receives('w', 1);
    } finally {
      subscriber.close();
    }
  });
});

describe('createNetworkDevice is for who may update the devices of the customer', () => {
  const MAY = ['MANAGER', 'OWNER', 'RESELLER', 'ADMIN'];
  it.each(ACCESS_LEVELS)('%s for its own customer', async (level) => {
    const answer = await create(gateway, await gateway.token(level, customer), { model, customer: null });
    const isNamed = level === 'ADMIN' || MAY.includes(level);
    expect(faultOf(answer)).toEqual(isNamed ? [undefined] : ['ACCESS_DENIED']);
  });

  it('a reseller creates for a customer below, a manager not for another customer', async () => {
    const below = await createCustomer(gateway, await createCustomer(gateway, customer));
    const reseller = await gateway.token('RESELLER', customer);
    expect((await create(gateway, reseller, { model, customer: below.toUpperCase() })).data).toMatchObject({
      createNetworkDevice: { customer: { id: below } },
    });
    expect(faultOf(await create(gateway, token, { model, customer: below }))).toEqual(['ACCESS_DENIED']);
  });

  it('answers for a foreign customer, a missing one and a text that is no id by the same bytes', async () => {
    const foreign = await createCustomer(gateway);
    const texts = await Promise.all(
      [foreign, newId(), 'no id', ''].map(async (id) => {
        // What else is wrong is not told either.
        const { text } = await create(gateway, token, { model: 'x', macAddress: 'y', customer: id });
        return text.replace(/"requestId":"[^"]*"/, '');
      }),
    );
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('ACCESS_DENIED');
  });

  it('ADMIN without a customer of its own has to name one', async () => {
    const admin = await sign(
      localClaims('', { accessLevel: 'ADMIN', customer: undefined }),
      localKey(gateway),
    );
    expect(faultOf(await create(gateway, admin, { model }))).toEqual(['INVALID_VALUE', 'customer']);
    expect(faultOf(await create(gateway, admin, { model, customer }))).toEqual([undefined]);
  });

  it('ADMIN learns that a customer is missing, or that it has to name one', async () => {
    const admin = await gateway.token('ADMIN', customer);
    const fault = ['INVALID_VALUE', 'customer'];
    expect(faultOf(await create(gateway, admin, { model, customer: newId() }))).toEqual(fault);
    expect(faultOf(await create(gateway, admin, { model, customer: 'x' }))).toEqual(fault);
  });
});

describe('createNetworkDevice shows strangers that a MAC address is in use', () => {
  it('as often as an update does, dry run or not', async () => {
    const limited = await startTestGateway({ MAC_PROBE_LIMIT: '2' });
    try {
      const its = await createModel(limited);
      const owner = await limited.token('OWNER', await createCustomer(limited));
      const stranger = await limited.token('OWNER', await createCustomer(limited));
      const macAddress = newMac();
      idIn(await create(limited, owner, { model: its, macAddress }));
      const codes: unknown[] = [];
      for (const isDry of [false, true, true]) {
        codes.push(faultOf(await create(limited, stranger, { model: its, macAddress }, isDry))[0]);
      }
      codes.push(faultOf(await create(limited, stranger, { model: its }))[0]);
      expect(codes).toEqual(['MAC_ADDRESS_IN_USE', 'MAC_ADDRESS_IN_USE', 'RATE_LIMITED', 'RATE_LIMITED']);
    } finally {
      await limited.stop();
    }
  });
});

describe('a customer has DEVICES_PER_CUSTOMER devices at most', () => {
  it('also when many are created at once, and ADMIN is exempt', async () => {
    const limited = await startTestGateway({ DEVICES_PER_CUSTOMER: '5' });
    const twin = await limited.startTwin();
    try {
      const full = await createCustomer(limited);
      const its = await createModel(limited);
      const manager = await limited.token('MANAGER', full);
      const there = {
        query: async (query: string, options?: Parameters<TestGateway['query']>[1]) =>
          await queryAt(twin.url, query, options),
      };
      const answers = await Promise.all(
        Array.from(
          { length: 30 },
          async (_, index) => await create(index % 2 === 0 ? limited : there, manager, { model: its }),
        ),
      );
      const faults = answers.filter(({ errors }) => errors.length > 0).map(faultOf);
      expect(faults).toEqual(Array(25).fill(['INVALID_VALUE', 'customer']));
      const admin = await limited.token('ADMIN', full);
      idIn(await create(limited, admin, { model: its, customer: full }));
    } finally {
      await twin.stop();
      await limited.stop();
    }
  });
});
