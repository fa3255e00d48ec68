import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../../src/access/viewer.js';
import { buildGatewaySchema } from '../../../src/graphql/schema/schema.js';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { protectedRootFields } from '../../support/root-fields.js';
import { changesOf, report, scopeToken, storedStatus } from './report.js';

const WHOLE = `mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) {
  id version status { online upTime } state name notes jobs macAddress serialNumber mvnoAccount createdAt updatedAt
  model { id name } customer { id name } wifi { ssid password password5G } dhcp { leaseTime }
  provisioningJobs { state } changes { nodes { version } } settingsAt(version: 1) { name }
} }`;
const DENIED = {
  code: 'ACCESS_DENIED',
  rest: { code: 403, message: 'access_denied' },
  retryable: false,
};

let gateway: TestGateway;
let device: TestDevice;
beforeAll(async () => {
  gateway = await sharedGateway();
});
afterAll(async () => {
  await gateway.stop();
});

async function expectRefused(token: string | undefined, extensions: object): Promise<void> {
  device = await createDevice(gateway);
  const before = await storedStatus(gateway, device);
  for (const reports of [[{ device: device.id, upTime: 1 }], [{ device: 'no-id', upTime: -1 }], []]) {
    const { data, errors } = await gateway.query(WHOLE, {
      ...(token !== undefined && { token }),
      variables: { reports },
    });
    expect(data).toEqual({ reportDeviceStatus: null });
    expect(errors).toMatchObject([{ path: ['reportDeviceStatus'], extensions }]);
  }
  expect(await storedStatus(gateway, device)).toBe(before);
  expect(await changesOf(gateway, device)).toBe(0);
}

/** What WHOLE answers of the device, reported by this token. */
async function answerTo(token: string): Promise<unknown> {
  const { data, errors } = await gateway.query(WHOLE, {
    token,
    variables: { reports: [{ device: device.id, upTime: 7 }] },
  });
  expect(errors).toEqual([]);
  return data;
}

const identityOnly = () => ({
  reportDeviceStatus: [
    {
      id: device.id,
      version: 1,
      ...Object.fromEntries(
        [
          ...['state', 'name', 'notes', 'jobs', 'macAddress', 'serialNumber', 'mvnoAccount', 'createdAt'],
          ...['status', 'updatedAt', 'model', 'customer', 'wifi', 'dhcp', 'provisioningJobs'],
          ...['changes', 'settingsAt'],
        ].map((field) => [field, null]),
      ),
    },
  ],
});
const whole = (passwords: object) => ({
  reportDeviceStatus: [
    {
      id: device.id,
      status: { online: true, upTime: 7 },
      state: 'ACTIVE',
      name: 'Johns router',
      macAddress: device.macAddress,
      customer: { id: device.customer },
      model: { name: 'NX-510' },
      wifi: { ssid: 'SkyNet', ...passwords },
      dhcp: { leaseTime: 10 },
      provisioningJobs: [],
    },
  ],
});
const SHOWN = { password: 'JohnConner', password5G: 'SarahConner' };
const HIDDEN = { password: null, password5G: null };

describe('reportDeviceStatus is for ADMIN and for tokens with the scope, and for nobody else', () => {
  it.each(ACCESS_LEVELS.filter((level) => level !== 'ADMIN'))(
    '%s of the own customer: refused',
    async (level) => {
      device = await createDevice(gateway);
      const token = await gateway.token(level, device.customer);
      await expectRefused(token, DENIED);
      const { devices, errors } = await report(gateway, [{ device: device.id }], token);
      expect(devices).toBeNull();
      expect(errors).toMatchObject([{ extensions: DENIED }]);
    },
  );

  it('no token: UNAUTHENTICATED', async () => {
    await expectRefused(undefined, {
      code: 'UNAUTHENTICATED',
      rest: { code: 401, message: 'credentials_invalid' },
    });
  });

  it('a bad token: UNAUTHENTICATED', async () => {
    await expectRefused('garbage', {
      code: 'UNAUTHENTICATED',
      rest: { code: 401, message: 'invalid_token' },
    });
  });

  it('ADMIN: the whole device', async () => {
    device = await createDevice(gateway);
    expect(await answerTo(await gateway.token('ADMIN', newId()))).toMatchObject(whole(SHOWN));
  });

  it('the scope alone: id and version of any device, every other field null', async () => {
    device = await createDevice(gateway);
    expect(await answerTo(await scopeToken(gateway))).toEqual(identityOnly());
    expect(await answerTo(await scopeToken(gateway, { customerId: device.customer }))).toEqual(
      identityOnly(),
    );
  });

  it('a report of the device alone is answered like any other', async () => {
    device = await createDevice(gateway);
    const bare = async (token: string) =>
      (await gateway.query(WHOLE, { token, variables: { reports: [{ device: device.id }] } })).data;
    expect(await bare(await scopeToken(gateway))).toEqual(identityOnly());
    expect(await bare(await gateway.token('ADMIN', newId()))).toMatchObject({
      reportDeviceStatus: [{ name: 'Johns router', status: { online: true }, wifi: SHOWN }],
    });
  });

  it('the scope alone covers every field of the schema', async () => {
    const type = (await buildGatewaySchema()).getType('NetworkDevice');
    const fields = type !== undefined && 'getFields' in type ? Object.keys(type.getFields()) : [];
    expect(fields).toContain('wifi');
    const [answer] = identityOnly().reportDeviceStatus;
    expect(Object.keys(answer ?? {})).toEqual(expect.arrayContaining(fields));
  });

  it.each(ACCESS_LEVELS.filter((level) => level !== 'ADMIN'))(
    'the scope beside %s: what the level reads is shown, of the rest id and version',
    async (level) => {
      device = await createDevice(gateway);
      const own = await answerTo(await scopeToken(gateway, { level, customerId: device.customer }));
      const foreign = await answerTo(await scopeToken(gateway, { level, customerId: newId() }));
      const mayNothing = level === 'NO_LOGIN' || level === 'PERSONAL';
      const passwords = level === 'VIEWER' || level === 'RESELLER_ADMIN' ? HIDDEN : SHOWN;
      if (mayNothing) expect(own).toEqual(identityOnly());
      else expect(own).toMatchObject(whole(passwords));
      if (level === 'RESELLER_ADMIN') expect(foreign).toMatchObject(whole(HIDDEN));
      else expect(foreign).toEqual(identityOnly());
    },
  );
});

describe('the scope alone gains nothing else', () => {
  it('is refused at every other root field', async () => {
    device = await createDevice(gateway);
    const token = await scopeToken(gateway, { customerId: device.customer });
    const others = protectedRootFields(device.id).filter(({ field }) => field !== 'reportDeviceStatus');
    expect(others.length).toBeGreaterThanOrEqual(10);
    for (const { field, document } of others) {
      const { data, errors } = await gateway.query(document, { token });
      expect(errors, field).toMatchObject([{ path: [field], extensions: DENIED }]);
      expect(data ?? { [field]: null }).toEqual({ [field]: null });
    }
  });

  it('is refused by the REST page', async () => {
    device = await createDevice(gateway);
    const token = await scopeToken(gateway, { customerId: device.customer });
    for (const method of ['GET', 'POST']) {
      const response = await fetch(new URL(`/network/device/${device.id}`, gateway.url), {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(method === 'POST' && { body: '{"name":"x"}' }),
      });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 403, message: 'access_denied' });
    }
  });
});
