import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AccessLevel } from '../../../src/access/viewer.js';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { listWith } from '../../support/matchers.js';

const event = z.object({ event: z.literal('wifi_password_read') });

describe('whoever gets to see WiFi passwords is written down: one line for each request, with devices and fields', () => {
  let gateway: TestGateway;
  let customer: string;
  let device: TestDevice;
  let other: TestDevice;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    customer = await createCustomer(gateway);
    device = await createDevice(gateway, { customer });
    other = await createDevice(gateway, { customer, wifi: { password5G: null, enabled5G: false } });
  });
  afterAll(async () => {
    await gateway.stop();
  });
  beforeEach(() => {
    gateway.logLines.length = 0;
  });

  const events = (): readonly unknown[] =>
    gateway.logLines.map((line): unknown => JSON.parse(line)).filter((line) => event.safeParse(line).success);
  async function ask(query: string, level: AccessLevel = 'OWNER', requestId = 'request-1'): Promise<void> {
    const token = await gateway.token(level, customer);
    const { data } = await gateway.query(query, {
      token,
      variables: { id: device.id },
      headers: { 'x-request-id': requestId },
    });
    expect(data).not.toBeNull();
    expect(gateway.logLines.join('')).not.toMatch(/JohnConner|SarahConner/);
  }
  type Read = readonly [TestDevice, readonly string[]];
  const line = (reads: readonly Read[], more: object = {}): unknown =>
    expect.objectContaining({
      level: 30,
      msg: 'wifi passwords read',
      event: 'wifi_password_read',
      requestId: 'request-1',
      subject: 'test-OWNER',
      accessLevel: 'OWNER',
      // The devices of a list are in the order of their ids, which are random.
      reads: listWith(reads.map(([{ id }, fields]) => ({ fields, deviceIds: [id] }))),
      ...more,
    });
  const lineOf = (one: TestDevice, fields: readonly string[], more: object = {}): unknown =>
    line([[one, fields]], more);
  const ids = (): string => JSON.stringify([device.id, other.id, device.id]);
  const BOTH = ['wifi.password', 'wifi.password5G'];

  it('networkDevice: the fields that were asked for and are set', async () => {
    await ask(`{ networkDevice(id: "${device.id}") { wifi { ssid password5G password6G } } }`);
    expect(events()).toEqual([lineOf(device, ['wifi.password5G'])]);
  });

  it('a password as it was at a version: with the version, also that of now', async () => {
    await ask(`{ networkDevice(id: "${device.id}") {
      wifi { password } settingsAt(version: 1) { wifi { password5G } } changes { nodes { before { name } after { wifi { password5G } } } }
    } }`);
    const reads = [
      { fields: ['wifi.password'], deviceIds: [device.id] },
      { version: 1, fields: ['wifi.password5G'], deviceIds: [device.id] },
    ];
    expect(events()).toEqual([line([], { reads })]);
    await ask(
      `{ networkDevice(id: "${device.id}") { settingsAt(version: 1) { wifi { password } } } }`,
      'VIEWER',
    );
    expect(events()).toHaveLength(1);
  });

  it('all places of one request are one line, and a device stands in it once', async () => {
    await ask(`{
      first: networkDevice(id: "${device.id}") { wifi { password } }
      again: networkDevice(id: "${device.id}") { wifi { same: password password5G } }
      batch: networkDevices(ids: ${ids()}) { wifi { password } }
    }`);
    expect(events()).toEqual([
      line([
        [device, BOTH],
        [other, ['wifi.password']],
      ]),
    ]);
  });

  it.each<[string, () => string]>([
    ['a batch', () => `{ networkDevices(ids: ${ids()}) { wifi { password password5G } } }`],
    ['a list', () => '{ networkDeviceConnection { nodes { wifi { password password5G } } } }'],
    [
      'a federated look-up',
      () => `{ _entities(representations: [
        { __typename: "NetworkDevice", id: "${device.id}" }, { __typename: "NetworkDevice", id: "${other.id}" }
      ]) { ... on NetworkDevice { wifi { password password5G } } } }`,
    ],
  ])('%s: one line with each device', async (_, query) => {
    await ask(query());
    expect(events()).toEqual([
      line([
        [device, BOTH],
        [other, ['wifi.password']],
      ]),
    ]);
  });

  it.each([
    ['updateNetworkDevice', 'updateNetworkDevice(id: $id, input: { notes: "new" })'],
    ['a dry run', 'updateNetworkDevice(id: $id, input: { notes: "newer" }, dryRun: true)'],
    ['retryProvisioning', 'retryProvisioning(id: $id)'],
  ])('the answer of %s', async (_, mutation) => {
    await ask(`mutation ($id: ID!) { ${mutation} { wifi { password } } }`);
    expect(events()).toEqual([lineOf(device, ['wifi.password'])]);
  });

  it('a line for each request', async () => {
    const query = `{ networkDevice(id: "${device.id}") { wifi { password } } }`;
    await ask(query);
    await ask(query, 'ADMIN', 'request-2');
    expect(events()).toEqual([
      lineOf(device, ['wifi.password']),
      lineOf(device, ['wifi.password'], {
        requestId: 'request-2',
        subject: 'test-ADMIN',
        accessLevel: 'ADMIN',
      }),
    ]);
  });

  it('devices of which the same fields were read stand side by side', async () => {
    await ask(`{ networkDevices(ids: ["${device.id}", "${other.id}"]) { wifi { password } } }`);
    const reads = [{ fields: ['wifi.password'], deviceIds: [device.id, other.id] }];
    expect(events()).toEqual([expect.objectContaining({ reads })]);
  });

  it('nothing where none was handed out: not asked for, not set, refused, hidden', async () => {
    await ask(`{ networkDevice(id: "${device.id}") { wifi { ssid password6G } } }`);
    await ask(`{ networkDevice(id: "${other.id}") { wifi { password5G } } }`);
    await ask(`{ networkDevice(id: "${device.id}") { wifi { password } } }`, 'VIEWER');
    await ask(`{ networkDevices(ids: ${ids()}) { wifi { password } } }`, 'RESELLER_ADMIN');
    expect(events()).toEqual([]);
  });

  it('the REST page: by GET and by POST, for those who may', async () => {
    const page = new URL(`/network/device/${device.id}`, gateway.url);
    const send = async (level: AccessLevel, init: RequestInit = {}): Promise<void> => {
      const token = await gateway.token(level, customer);
      const response = await fetch(page, {
        ...init,
        headers: {
          authorization: `Bearer ${token}`,
          'x-request-id': 'request-1',
          'content-type': 'application/json',
        },
      });
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('SkyNet');
    };
    await send('OWNER');
    await send('OWNER', { method: 'POST', body: '{ "notes": "newest" }' });
    expect(events()).toEqual([lineOf(device, BOTH), lineOf(device, BOTH)]);
    gateway.logLines.length = 0;
    await send('VIEWER');
    expect(events()).toEqual([]);
  });
});
