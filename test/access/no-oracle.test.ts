import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS, type AccessLevel } from '../../src/access/viewer.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, sharedGateway, type TestGateway } from '../support/gateway.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { id version name wifi { password } } }';
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int, $dryRun: Boolean) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion, dryRun: $dryRun) { id version }
}`;

const NO_IDS = [
  'no-id',
  '',
  '1',
  "' OR 1=1 --",
  'a"b\\c',
  'x'.repeat(24),
  'a'.repeat(23),
  'a'.repeat(25),
  '%',
  'Ø'.repeat(24),
];

describe('a device that is missing, one that is out of reach and an id that is no id answer byte-identically', () => {
  let gateway: TestGateway;
  let customer: string;
  let own: string;
  /** Devices that exist, out of reach of every level but RESELLER_ADMIN's reading and ADMIN. */
  let foreign: readonly string[];
  let takenMac: string;

  beforeAll(async () => {
    gateway = await sharedGateway();
    customer = await createCustomer(gateway);
    own = (await createDevice(gateway, { customer })).id;
    const stranger = await createDevice(gateway);
    const deleting = await createDevice(gateway, { state: 'DELETING' });
    const bare = await createDevice(gateway, { wifi: null, dhcp: null, status: null });
    foreign = [stranger.id, deleting.id, bare.id, stranger.id.toUpperCase()];
    takenMac = stranger.macAddress;
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** The answer byte for byte, headers included, but for the id itself, the request's id and what follows from them. */
  async function answerTo(level: AccessLevel, query: string, id: string, more: object = {}): Promise<string> {
    const token = await gateway.token(level, customer);
    const { status, headers, text } = await gateway.query(query, { token, variables: { id, ...more } });
    const named = [...headers.entries()].filter(
      ([name]) => !['x-request-id', 'date', 'content-length', 'etag'].includes(name),
    );
    const body = text
      .replace(`"deviceId":${JSON.stringify(id)}`, '"deviceId":"ID"')
      .replace(`"deviceId":${JSON.stringify(id.toLowerCase())}`, '"deviceId":"ID"')
      .replace(/"requestId":"[^"]*"/g, '"requestId":"R"');
    return JSON.stringify([status, named, body]);
  }

  const UPDATES: readonly [string, () => object][] = [
    ['a valid input', () => ({ input: { name: 'Mine now' } })],
    ['an empty input', () => ({ input: {} })],
    [
      'an invalid input',
      () => ({ input: { name: '', macAddress: 'zz', wifi: { enabled: true, ssid: '' } } }),
    ],
    ['a taken MAC address', () => ({ input: { macAddress: takenMac } })],
    ['an expectedVersion', () => ({ input: { name: 'Mine now' }, expectedVersion: 99 })],
    ['a dry run', () => ({ input: { name: 'Mine now' }, dryRun: true })],
    ['a dropped section', () => ({ input: { wifi: null, dhcp: null } })],
  ];
  const STRANGERS = ACCESS_LEVELS.filter((level) => level !== 'ADMIN');
  const cases = STRANGERS.flatMap((level) => UPDATES.map(([kind, more]) => ({ level, kind, more })));

  it.each(STRANGERS.filter((level) => level !== 'RESELLER_ADMIN'))(
    'networkDevice, asked by %s',
    async (level) => {
      const missing = await answerTo(level, READ, newId());
      expect(missing).toContain('ACCESS_DENIED');
      for (const id of [...foreign, ...NO_IDS, newId().toUpperCase()]) {
        expect(await answerTo(level, READ, id), `id ${id}`).toBe(missing);
      }
    },
  );

  it('networkDevice, asked by RESELLER_ADMIN, who reads all there is', async () => {
    const missing = await answerTo('RESELLER_ADMIN', READ, newId());
    expect(missing).toContain('ACCESS_DENIED');
    for (const id of NO_IDS) expect(await answerTo('RESELLER_ADMIN', READ, id), `id ${id}`).toBe(missing);
  });

  it.each(cases)('updateNetworkDevice with $kind, asked by $level', async ({ level, more }) => {
    const missing = await answerTo(level, UPDATE, newId(), more());
    expect(missing).toContain('ACCESS_DENIED');
    expect(missing).not.toContain('violations');
    for (const id of [...foreign, ...NO_IDS]) {
      expect(await answerTo(level, UPDATE, id, more()), `id ${id}`).toBe(missing);
    }
  });

  it.each(['NO_LOGIN', 'PERSONAL', 'VIEWER', 'RESELLER_ADMIN'] as const)(
    'updateNetworkDevice of a device that %s may not change, though it is its own',
    async (level) => {
      for (const [, more] of UPDATES) {
        const missing = await answerTo(level, UPDATE, newId(), more());
        expect(await answerTo(level, UPDATE, own, more())).toBe(missing);
      }
    },
  );

  it.each(['no-id', newId()])('ADMIN gets NOT_FOUND for %s', async (id) => {
    const token = await gateway.token('ADMIN', customer);
    for (const [field, query] of [
      ['networkDevice', READ],
      ['updateNetworkDevice', UPDATE],
    ] as const) {
      const { data, errors } = await gateway.query(query, { token, variables: { id, input: { name: 'x' } } });
      expect(data).toEqual({ [field]: null });
      expect(errors).toMatchObject([
        {
          path: [field],
          extensions: { code: 'NOT_FOUND', rest: { code: 404, message: 'id' }, retryable: false },
        },
      ]);
    }
  });
});
