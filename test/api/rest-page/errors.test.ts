import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId } from '../../support/gateway.js';
import { localClaims, unsigned } from '../../support/tokens.js';
import { type Page, type PageAnswer, pageError, startPage, versionOf } from './page.js';

let page: Page;
let device: TestDevice;
beforeAll(async () => {
  page = await startPage();
  device = await createDevice(page.gateway);
});
afterAll(async () => {
  await page.stop();
});

/** Holds that an answer is an error of the page, with its code as HTTP status. */
function expectError(answer: PageAnswer, code: number, message: string): void {
  expect(pageError.parse(answer.body)).toMatchObject({ code, message });
  expect(answer.status).toBe(code);
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(answer.headers.get('x-request-id')).toMatch(/./);
  expect(answer.headers.get('etag')).toBeNull();
}

async function expectRefused(body: unknown, code: number, message: string): Promise<void> {
  const version = await versionOf(page, device);
  expectError(await page.post(device, body), code, message);
  expect(await versionOf(page, device)).toBe(version);
}

describe('422 with the name of a property that the page does not have', () => {
  it.each<[string, unknown]>([
    ['nope', { nope: 1 }],
    ['id', { id: newId() }],
    ['version', { version: 1 }],
    ['createdAt', { createdAt: null }],
    ['expectedVersion', { name: 'x', expectedVersion: 1 }],
    ['Name', { Name: 'x' }],
    ['wifi.nope', { wifi: { nope: 1 } }],
    ['wifi.ssid2G', { wifi: { ssid2G: 'x' } }],
    ['dhcp.enabled', { dhcp: { enabled: true } }],
    ['dhcp.reservedClients[0].hostname', { dhcp: { reservedClients: [{ hostname: 'x' }] } }],
    ['dhcp.reservedClients[1].nope', { dhcp: { reservedClients: [{}, { nope: 1 }] } }],
    ['status.ssSignalStrength', { status: { ssSignalStrength: 1 } }],
    ['network.nope', { network: { nope: 1 } }],
    ['network.wireless.ssid5G', { network: { wireless: { ssid5G: 'x' } } }],
    ['constructor', { constructor: 1 }],
    ['toString', { toString: 1 }],
    ['""', { '': 1 }],
  ])('%s', async (name, body) => {
    await expectRefused(body, 422, name);
  });

  it('__proto__, wherever it stands', async () => {
    await expectRefused('{"__proto__": {"name": "x"}}', 422, '__proto__');
    await expectRefused('{"wifi": {"__proto__": null}}', 422, 'wifi.__proto__');
  });

  it('a name of any length, cut', async () => {
    await expectRefused({ ['n'.repeat(5_000)]: 1 }, 422, 'n'.repeat(64));
  });
});

describe('422 with the path of a value of the wrong type', () => {
  const WRONG = [5, true, [], ['x'], {}, { x: 1 }, [[]]];
  const TEXTS = ['name', 'notes', 'macAddress', 'wifi.ssid', 'wifi.password6G', 'dhcp.ipPoolStart'];
  const nest = (path: string, value: unknown): unknown =>
    path.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);

  it.each(TEXTS)('%s takes a text or null', async (path) => {
    for (const wrong of WRONG) await expectRefused(nest(path, wrong), 422, path);
  });
  it.each(['wifi.enabled', 'wifi.bandsteering'])('%s takes a boolean or null', async (path) => {
    for (const wrong of ['true', 'yes', 1, 0, [], {}]) await expectRefused(nest(path, wrong), 422, path);
  });
  it('dhcp.enable takes a boolean, "true", "false" or null', async () => {
    for (const wrong of ['True', 'yes', '', '1', 1, 0, [], {}])
      await expectRefused(nest('dhcp.enable', wrong), 422, 'dhcp.enable');
  });
  it('dhcp.leaseTime takes a whole number or null', async () => {
    for (const wrong of ['10', 1.5, '', true, [], {}])
      await expectRefused(nest('dhcp.leaseTime', wrong), 422, 'dhcp.leaseTime');
    await expectRefused('{"dhcp": {"leaseTime": 1e300}}', 422, 'dhcp.leaseTime');
    await expectRefused('{"dhcp": {"leaseTime": -1}}', 422, 'dhcp.leaseTime');
  });
  it.each(['wifi', 'dhcp', 'network', 'network.wireless', 'status'])('%s takes an object', async (path) => {
    for (const wrong of ['x', 5, true, [], [{}]]) await expectRefused(nest(path, wrong), 422, path);
  });
  it.each(['network', 'network.wireless'])('%s is no section that could be dropped', async (path) => {
    await expectRefused(nest(path, null), 422, path);
  });
  it('dhcp.reservedClients takes a list of objects', async () => {
    const path = 'dhcp.reservedClients';
    for (const wrong of ['x', 5, {}]) await expectRefused(nest(path, wrong), 422, path);
    for (const wrong of ['x', 5, null, []]) await expectRefused(nest(path, [wrong]), 422, `${path}[0]`);
    for (const field of ['mac', 'ip', 'enable', 'id'])
      await expectRefused(nest(path, [{ [field]: 5 }]), 422, `${path}[0].${field}`);
  });
});

describe('422 with the path that breaks a rule of the device', () => {
  it.each<[string, unknown]>([
    ['name', { name: null }],
    ['name', { name: ' ' }],
    ['macAddress', { macAddress: 'x' }],
    ['macAddress', { macAddress: null }],
    ['wifi.ssid', { network: { wireless: { ssid: '' } } }],
    ['wifi.password', { network: { wireless: { password: 'short' } } }],
    ['wifi.password5G', { wifi: { password5G: 'short' } }],
    ['dhcp.ipPoolEnd', { dhcp: { ipPoolEnd: '192.168.0.2' } }],
    ['dhcp.reservedClients[0].mac', { dhcp: { reservedClients: [{ ip: '192.168.0.9' }] } }],
    ['name', { dhcp: { leaseTime: 0 }, wifi: { ssid: '' }, notes: '\u0000', name: '' }],
  ])('%s', async (path, body) => {
    await expectRefused(body, 422, path);
  });

  it.each([
    ['ssid', { wifi: { ssid: 'One' }, network: { wireless: { ssid: 'Other' } } }],
    ['ssid', { wifi: { ssid: null }, network: { wireless: { ssid: 'Other' } } }],
    ['ssid', { wifi: { ssid: 'Same' }, network: { wireless: { ssid: 'Same', password: 'Password' } } }],
    [
      'password',
      { wifi: { password: 'OneOneOne' }, network: { wireless: { ssid: 'x', password: 'Other' } } },
    ],
    ['ssid', { wifi: null, network: { wireless: { ssid: 'Other' } } }],
  ])('network.wireless.%s beside the wifi that it means', async (field, body) => {
    await expectRefused(body, 422, `network.wireless.${field}`);
  });

  it('macAddress, when another device has it', async () => {
    const { macAddress } = await createDevice(page.gateway);
    const answer = await page.post(device, { macAddress });
    expectError(answer, 422, 'macAddress');
    expect(answer.body).toEqual({
      code: 422,
      message: 'macAddress',
      description: 'MAC address is already in use.',
    });
  });
});

describe('400, 413 and 415 for a body that is no JSON object', () => {
  it.each(['', 'x', '{', '{"name": "x"', '{"name": "x"}}', 'null', '[]', '[{}]', '"x"', '5', 'true'])(
    '%j: 400',
    async (body) => {
      await expectRefused(body, 400, 'bad_request');
    },
  );

  it('above MAX_BODY_BYTES: 413', async () => {
    await expectRefused({ notes: 'x'.repeat(20_000) }, 413, 'bad_request');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded'])('%s: 415', async (type) => {
    const answer = await page.post(device, { name: 'x' }, { headers: { 'content-type': type } });
    expectError(answer, 415, 'bad_request');
  });
});

describe('401 with the word of the platform', () => {
  it.each(['get', 'post'] as const)('%s', async (method) => {
    const call = async (options: { token: string | null; headers?: Record<string, string> }) =>
      method === 'get' ? await page.get(device, options) : await page.post(device, { name: 'x' }, options);
    const expired = await page.gateway.token('MANAGER', device.customer, '-1s');
    const cases: [Awaited<ReturnType<typeof call>>, string][] = [
      [await call({ token: null }), 'credentials_invalid'],
      [await call({ token: null, headers: { authorization: 'Basic eDp5' } }), 'format_error'],
      [await call({ token: 'garbage' }), 'invalid_token'],
      [await call({ token: unsigned(localClaims(device.customer)) }), 'invalid_token'],
      [await call({ token: expired }), 'expired'],
    ];
    for (const [answer, message] of cases) {
      expectError(answer, 401, message);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('before anything else is looked at', async () => {
    expectError(await page.post(device, '{', { token: null }), 401, 'credentials_invalid');
    expectError(
      await page.post({ ...device, id: 'no-id' }, {}, { token: null, headers: { 'if-match': 'x' } }),
      401,
      'credentials_invalid',
    );
  });
});

describe('other errors about the device', () => {
  it.each(['no-id', newId()])('404 for ADMIN: %s', async (id) => {
    const options = { token: await page.token('ADMIN', device.customer) };
    expectError(await page.get({ ...device, id }, options), 404, 'id');
    expectError(await page.post({ ...device, id }, { name: 'x' }, options), 404, 'id');
  });

  it('409 for one that is being deleted; it can still be read', async () => {
    const deleting = await createDevice(page.gateway, { state: 'DELETING' });
    expectError(await page.post(deleting, { name: 'x' }), 409, 'state');
    expect(await page.get(deleting)).toMatchObject({ status: 200, body: { state: 'DELETING' } });
  });
});
