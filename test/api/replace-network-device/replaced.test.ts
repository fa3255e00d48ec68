import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../../src/access/viewer.js';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import {
  type GraphqlAnswer,
  newId,
  newMac,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { faultOf } from '../create-network-device/create.js';
import { codesOf, deleteDevice, readDeletion } from '../delete-network-device/delete.js';

let gateway: TestGateway;
let southbound: Southbound;
let customer: string;
let token: string;

beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway(southbound.removalEnv);
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});
afterEach(() => {
  southbound.answerWith(() => ({ status: 204 }));
  expect(southbound.errors).toEqual([]);
});

const REPLACE = `mutation ($id: ID!, $input: DeviceReplaceInput!, $expectedVersion: Int, $dryRun: Boolean, $key: String) {
  replaceNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion, dryRun: $dryRun, idempotencyKey: $key) {
    id version state name jobs macAddress serialNumber mvnoAccount model { id } customer { id }
    wifi { enabled ssid enabled6G } dhcp { ipPoolStart } status { provisioned online lanIp lastComm }
  }
}`;

async function replace(
  { id }: Pick<TestDevice, 'id'>,
  input: object = {},
  more: object = {},
  bearer = token,
): Promise<GraphqlAnswer> {
  const variables = { id, input: { macAddress: newMac(), ...input }, ...more };
  return await gateway.query(REPLACE, { token: bearer, variables });
}

async function createModel(
  type: string,
  can: Partial<Record<'sim' | 'wifi6G', boolean>> = {},
): Promise<string> {
  const id = newId();
  await gateway.sql.query(
    `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support) VALUES ($1, 'Other', $2, true, true, true, $3, $4)`,
    [id, type, can.wifi6G === true, can.sim === true],
  );
  return id;
}

const device = async (): Promise<TestDevice> => await createDevice(gateway, { customer });
const ordersOf = ({ id }: Pick<TestDevice, 'id'>): Southbound['arrivals'] =>
  southbound.arrivals.filter(({ deviceId }) => deviceId === id);
const report = async (reports: readonly object[]): Promise<GraphqlAnswer> =>
  await gateway.query(
    'mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id macAddress status { lanIp online } } }',
    { token: await gateway.token('ADMIN', customer), variables: { reports } },
  );

describe('replaceNetworkDevice', () => {
  it('keeps id, name and settings, empties the status, and sends everything to the new hardware', async () => {
    const old = await device();
    await report([{ device: old.id, online: true }]);
    const macAddress = newMac();
    const answer = await replace(old, { macAddress: macAddress.toUpperCase() });
    expect(answer.errors).toEqual([]);
    expect(answer.data).toMatchObject({
      replaceNetworkDevice: {
        id: old.id,
        version: 2,
        state: 'PROVISIONING',
        name: 'Johns router',
        jobs: 1,
        macAddress,
        serialNumber: null,
        wifi: { ssid: 'SkyNet' },
        status: { provisioned: false, online: null, lanIp: null, lastComm: null },
      },
    });
    await expect
      .poll(async () => await readDeletion(gateway, old))
      .toMatchObject({ state: 'ACTIVE', macAddress, status: { provisioned: true } });
    expect(ordersOf(old)).toMatchObject([
      { macAddress, version: 2, serialNumber: null, wifi: { ssid: 'SkyNet' } },
    ]);
    const { rows } = await gateway.sql.query(
      'SELECT action, version, paths FROM device_audit WHERE device_id = $1 AND version > 1',
      [old.id],
    );
    expect(rows).toEqual([{ action: 'REPLACE', version: 2, paths: ['macAddress'] }]);
  });

  it('lets an order of the old hardware end, which says nothing of the new one', async () => {
    const old = await device();
    const release = southbound.hold();
    await gateway.query(
      `mutation { updateNetworkDevice(id: "${old.id}", input: { wifi: { ssid: "Old" } }) { id } }`,
      { token },
    );
    await expect.poll(() => ordersOf(old)).toHaveLength(1);
    const macAddress = newMac();
    expect((await replace(old, { macAddress })).data).toMatchObject({ replaceNetworkDevice: { jobs: 2 } });
    southbound.answerWith(() => ({ status: 422, body: { error: 'not for me' } }));
    release();
    await expect
      .poll(async () => await readDeletion(gateway, old))
      .toMatchObject({
        provisioningJobs: [{ state: 'FAILED' }, { state: 'APPLIED' }],
        status: { provisioned: false },
      });
    expect(ordersOf(old)).toMatchObject([
      { macAddress: old.macAddress },
      { macAddress, wifi: { ssid: 'Old' } },
    ]);
  });

  it('tries an order of the old hardware no more, whose worker died', async () => {
    const old = await device();
    await gateway.sql.query(
      `WITH died AS (INSERT INTO provisioning_job (device_id, version, state, lease, attempts, created_at, started_at, due_at)
        VALUES ($1, 1, 'RUNNING', gen_random_uuid(), 1, now() - interval '1 second', now(), now() + interval '2 seconds') RETURNING id)
        UPDATE network_device SET state = 'PROVISIONING', running_job_id = died.id, jobs = 1 FROM died WHERE network_device.id = $1`,
      [old.id],
    );
    await replace(old);
    await expect
      .poll(async () => await readDeletion(gateway, old))
      .toMatchObject({ state: 'ACTIVE', provisioningJobs: [{ state: 'APPLIED' }, { state: 'SUPERSEDED' }] });
    expect(ordersOf(old)).toHaveLength(1);
  });

  it('takes a model of the same type only', async () => {
    const old = await device();
    const [router, other] = [await createModel('ROUTER'), await createModel('SWITCH')];
    const refused = await replace(old, { model: other });
    expect(faultOf(refused)).toEqual(['VALUE_NOT_PERMITTED', 'model']);
    expect(refused.errors[0]?.extensions.rest).toEqual({ code: 409, message: 'model' });
    expect(faultOf(await replace(old, { model: newId() }))).toEqual(['INVALID_VALUE', 'model']);
    expect(faultOf(await replace(old, { model: 'x', macAddress: old.macAddress, serialNumber: '' }))).toEqual(
      ['INVALID_VALUE', 'macAddress', 'model', 'serialNumber'],
    );
    expect((await replace(old, { model: router.toUpperCase(), serialNumber: ' SN 2 ' })).data).toMatchObject({
      replaceNetworkDevice: { model: { id: router }, serialNumber: 'SN 2', version: 2 },
    });
  });

  it.each(['01:00:5E:00:00:FB', 'FFFFFFFFFFFF', '00-00-00-00-00-00'])(
    'refuses the MAC address %s, which no device has for itself',
    async (macAddress) => {
      expect(faultOf(await replace(await device(), { macAddress }))).toEqual(['INVALID_VALUE', 'macAddress']);
    },
  );

  it('refuses what the new model cannot do, or drops it', async () => {
    const able = await createModel('ROUTER', { sim: true, wifi6G: true });
    const plain = await createModel('ROUTER');
    const old = await device();
    await gateway.sql.query('UPDATE network_device SET model_id = $2, mvno_account = $3 WHERE id = $1', [
      old.id,
      able,
      newId(),
    ]);
    const { errors } = await gateway.query(
      `mutation { updateNetworkDevice(id: "${old.id}", input: { wifi: { enabled6G: true, ssid6G: "Six", password6G: "long enough" } }) { id } }`,
      { token },
    );
    expect(errors).toEqual([]);
    expect(faultOf(await replace(old, { model: plain }))).toEqual([
      'INVALID_VALUE',
      'mvnoAccount',
      'wifi.enabled6G',
    ]);
    expect((await replace(old, { model: plain, dropUnsupported: true })).data).toMatchObject({
      replaceNetworkDevice: { mvnoAccount: null, wifi: { enabled6G: false }, model: { id: plain } },
    });
  });

  it('refuses what another model cannot do, though the old one cannot do it any more either', async () => {
    const able = await createModel('ROUTER', { wifi6G: true });
    const plain = await createModel('ROUTER');
    const old = await device();
    await gateway.sql.query('UPDATE network_device SET model_id = $2 WHERE id = $1', [old.id, able]);
    const { errors } = await gateway.query(
      `mutation { updateNetworkDevice(id: "${old.id}", input: { wifi: { enabled6G: true, ssid6G: "Six", password6G: "long enough" } }) { id } }`,
      { token },
    );
    expect(errors).toEqual([]);
    await gateway.sql.query('UPDATE device_model SET wifi_6g = false WHERE id = $1', [able]);
    expect(faultOf(await replace(old, { model: plain }))).toEqual(['INVALID_VALUE', 'wifi.enabled6G']);
    expect((await replace(old)).errors).toEqual([]);
  });

  it('is refused for a MAC address in use, another version, and a device that is being deleted', async () => {
    const [old, other] = [await device(), await device()];
    expect(faultOf(await replace(old, { macAddress: other.macAddress }))).toEqual([
      'MAC_ADDRESS_IN_USE',
      'macAddress',
    ]);
    expect(codesOf(await replace(old, {}, { expectedVersion: 9 }))).toEqual(['VERSION_CONFLICT']);
    await gateway.sql.query(`UPDATE network_device SET state = 'DELETING' WHERE id = $1`, [other.id]);
    expect(codesOf(await replace(other))).toEqual(['DEVICE_DELETING']);
    expect((await replace(old, { macAddress: other.macAddress })).errors).toEqual([]);
    expect(await readDeletion(gateway, other)).toBe('ACCESS_DENIED');
  });

  it('writes nothing for a dry run, and once for one key', async () => {
    const old = await device();
    const dry = await replace(old, {}, { dryRun: true });
    expect(dry.data).toMatchObject({ replaceNetworkDevice: { version: 2, state: 'PROVISIONING', jobs: 1 } });
    const input = { macAddress: newMac() };
    const key = newId();
    for (const given of [input, { ...input, dropUnsupported: false }]) {
      const { data } = await replace(old, given, { key, expectedVersion: 1 });
      expect(data).toMatchObject({ replaceNetworkDevice: { version: 2, macAddress: input.macAddress } });
    }
    expect(codesOf(await replace(old, { ...input, dropUnsupported: true }, { key }))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
  });

  it.each(ACCESS_LEVELS)('is for who may update the device: %s', async (level) => {
    const answer = await replace(await device(), {}, {}, await gateway.token(level, customer));
    const isAllowed = ['MANAGER', 'OWNER', 'RESELLER', 'ADMIN'].includes(level);
    expect(codesOf(answer)).toEqual(isAllowed ? [] : ['ACCESS_DENIED']);
  });
});

describe('reports of hardware that was replaced', () => {
  it('change nothing when they name its MAC address, or lie before the replacement', async () => {
    const old = await device();
    const macAddress = newMac();
    const before = new Date(Date.now() - 1_000).toISOString();
    await replace(old, { macAddress });
    const lanIp = '10.0.0.1';
    const { data, errors } = await report([
      { device: old.id, macAddress: old.macAddress, lanIp },
      { device: old.id, lastComm: before, lanIp },
    ]);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      reportDeviceStatus: [{ macAddress, status: { lanIp: null } }, { status: { lanIp: null } }],
    });
    const several = [
      { device: old.id, lastComm: before, lanIp },
      { device: old.id, macAddress, online: true },
    ];
    expect((await report(several)).data).toMatchObject({
      reportDeviceStatus: [
        { status: { lanIp: null, online: true } },
        { status: { lanIp: null, online: true } },
      ],
    });
    expect((await report([{ device: old.id, macAddress: null, lanIp }])).data).toMatchObject({
      reportDeviceStatus: [{ status: { lanIp } }],
    });
  });

  it('with a MAC address that is none are refused at their place', async () => {
    const { id } = await device();
    const { data, errors } = await report([
      { device: id, macAddress: 'x' },
      { device: id, online: true },
    ]);
    expect(errors.flatMap(({ extensions }) => extensions.violations?.map(({ path }) => path))).toEqual([
      'reports[0].macAddress',
    ]);
    expect(data).toMatchObject({ reportDeviceStatus: [null, { id }] });
  });
});

describe('a device that was replaced', () => {
  it('is deleted as any other', async () => {
    const old = await device();
    await replace(old);
    await deleteDevice(gateway, old);
    await expect.poll(async () => await readDeletion(gateway, old)).toBe('ACCESS_DENIED');
  });
});
