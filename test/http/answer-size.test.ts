import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Subscriber } from '../live/subscriber.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../support/gateway.js';

const MAX_BYTES = 200_000;
const EMOJI = '\u{1F680}';

const times = <T>(count: number, of: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => of(index));
const aliases = (count: number, field: string): string =>
  times(count, (index) => `a${index}: ${field}`).join(' ');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    MAX_ANSWER_BYTES: String(MAX_BYTES),
    MAX_BODY_BYTES: '1000000',
    PROVISIONING_WORKER: 'false',
  });
});
afterAll(async () => {
  await gateway.stop();
});

function expectTooLarge({ status, data, errors, text }: GraphqlAnswer): void {
  expect(status).toBe(200);
  expect(data).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toContain(`${MAX_BYTES} bytes (MAX_ANSWER_BYTES)`);
  expect(errors[0]?.extensions).toMatchObject({
    code: 'OPERATION_TOO_LARGE',
    rest: { code: 400, message: 'bad_request' },
    retryable: false,
  });
  expect(text.length).toBeLessThan(1_000);
}

describe('an answer that the data make longer than MAX_ANSWER_BYTES is not sent', () => {
  let device: TestDevice;
  let token: string;
  beforeAll(async () => {
    device = await createDevice(gateway, {
      notes: EMOJI.repeat(4_096),
      dhcp: {
        reservedClients: times(256, (index) => ({
          mac: (0xaa0000000000 + index).toString(16),
          ip: '192.168.0.9',
          enable: false,
          id: EMOJI.repeat(64),
        })),
      },
    });
    token = await gateway.token('MANAGER', device.customer);
  });

  /** The same request twice: the first one goes through Apollo Server and graphql-js, the second one through a plan. */
  const both = async (
    query: string,
    variables: Record<string, unknown>,
  ): Promise<readonly GraphqlAnswer[]> => {
    const headers = { accept: 'application/graphql-response+json' };
    return [
      await gateway.query(query, { token, variables, headers }),
      await gateway.query(query, { token, variables, headers }),
      await gateway.query(query, { token, variables }),
    ];
  };
  const ids = (count: number): string[] => times(count, () => device.id);

  it.each<[string, string, number]>([
    ['long texts', 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { notes } }', 20],
    [
      'long texts under many names',
      `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${aliases(20, 'notes')} } }`,
      1,
    ],
    [
      'long lists',
      'query ($ids: [ID!]!) { networkDevices(ids: $ids) { dhcp { reservedClients { mac ip enable reservationId } } } }',
      10,
    ],
    [
      'long lists of what may not be null',
      'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id dhcp { reservedClients { __typename mac ip } } } }',
      30,
    ],
  ])('%s', async (_, query, count) => {
    for (const answer of await both(query, { ids: ids(count) })) expectTooLarge(answer);
    for (const answer of await both(query.replaceAll(/a\d+: notes/g, 'id'), { ids: ids(1) })) {
      expect(answer.errors).toEqual([]);
    }
  });

  it('to the byte, whatever characters it holds', async () => {
    const query = (name: string): string =>
      `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${name}: id notes } }`;
    const { text } = await gateway.query(query('n'), { token, variables: { ids: ids(12) } });
    const room = MAX_BYTES - Buffer.byteLength(text);
    // Each of the twelve grows by the name of the field, and one entry that is null by four bytes and a comma.
    const longer = query('n'.repeat(1 + Math.floor(room / 12)));
    for (const answer of await both(longer, { ids: ids(12) })) {
      expect(answer.errors).toEqual([]);
      expect(Buffer.byteLength(answer.text)).toBeGreaterThan(MAX_BYTES - 12);
      expect(Buffer.byteLength(answer.text)).toBeLessThanOrEqual(MAX_BYTES);
    }
    const tooLong = query('n'.repeat(2 + Math.floor(room / 12)));
    for (const answer of await both(tooLong, { ids: ids(12) })) expectTooLarge(answer);
  });

  it('characters that JSON escapes', async () => {
    const quoted = await createDevice(gateway, { customer: device.customer, notes: '"'.repeat(4_096) });
    const query = 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { notes } }';
    for (const answer of await both(query, { ids: times(25, () => quoted.id) })) expectTooLarge(answer);
    for (const answer of await both(query, { ids: times(24, () => quoted.id) })) {
      expect(answer.errors).toEqual([]);
    }
  });

  it('errors count as well', async () => {
    const admin = await gateway.token('ADMIN', device.customer);
    const bad = { upTime: -1, dns: 'x', dns2: 'x', lanIp: 'x', gateway: 'x', wanIp: 'x', ipv6: 'x' };
    const query = 'mutation ($r: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $r) { id } }';
    const ask = async (count: number): Promise<GraphqlAnswer> =>
      await gateway.query(query, {
        token: admin,
        variables: { r: times(count, () => ({ device: device.id, ...bad })) },
      });
    expect((await ask(50)).errors).toHaveLength(50);
    expectTooLarge(await ask(400));
    expectTooLarge(await ask(400));
  });

  it('a REST page of any size is an answer', async () => {
    const response = await fetch(new URL(`/network/device/${device.id}`, gateway.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty('notes');
  });
});

describe('an answer that values of usual length make longer is refused before the work', () => {
  it('with the status of a request that is not executed', async () => {
    const { customer } = await createDevice(gateway);
    const token = await gateway.token('MANAGER', customer);
    const query = `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${aliases(90, 'notes')} } }`;
    const variables = { ids: times(1_000, () => 'nobody') };
    const headers = { accept: 'application/graphql-response+json' };
    const { status, data, errors } = await gateway.query(query, { token, variables, headers });
    expect(status).toBe(400);
    expect(data).toBeUndefined();
    expect(errors[0]?.extensions.code).toBe('OPERATION_TOO_LARGE');
    expect(errors[0]?.message).toContain('usual length');
  });
});

it('a mutation whose answer becomes too long stops: what it has changed stays, and nothing more is changed', async () => {
  const device = await createDevice(gateway, { notes: EMOJI.repeat(4_096) });
  const token = await gateway.token('MANAGER', device.customer);
  const change = (index: number): string =>
    `m${index}: updateNetworkDevice(id: "${device.id}", input: { name: "Name ${index}" }) { notes }`;
  const query = `mutation { ${times(40, change).join(' ')} }`;
  expectTooLarge(await gateway.query(query, { token }));
  const { rows } = await gateway.sql.query<{ version: number; name: string }>(
    'SELECT version, name FROM network_device WHERE id = $1',
    [device.id],
  );
  const changes = Math.ceil(MAX_BYTES / (4 * 4_096));
  expect(rows[0]).toMatchObject({ version: 1 + changes, name: `Name ${changes - 1}` });
});

it('an event that is too long is an error in its place, and the next one comes', async () => {
  const device = await createDevice(gateway, { notes: EMOJI.repeat(4_096) });
  const token = await gateway.token('MANAGER', device.customer);
  const subscriber = await Subscriber.connect(gateway, { authorization: `Bearer ${token}` });
  const query = `subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { name ${aliases(15, 'notes')} } }`;
  await subscriber.watch('1', { ids: [device.id] }, query);
  const update = async (input: object): Promise<void> => {
    const mutation =
      'mutation ($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { id } }';
    expect((await gateway.query(mutation, { token, variables: { id: device.id, input } })).errors).toEqual(
      [],
    );
  };
  const payloads = (): unknown[] =>
    subscriber.messages.flatMap((message) => (message.type === 'next' ? [message.payload] : []));
  await update({ name: 'Too long' });
  await expect.poll(payloads).toHaveLength(1);
  expect(payloads()[0]).toMatchObject({
    data: null,
    errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }],
  });
  await update({ name: 'Short', notes: EMOJI.repeat(3_000) });
  await expect.poll(payloads).toHaveLength(2);
  expect(payloads()[1]).toMatchObject({ data: { networkDeviceChanged: { name: 'Short' } } });
  expect(payloads()[1]).not.toHaveProperty('errors');
  await update({ name: 'Too long again', notes: EMOJI.repeat(4_096) });
  await expect.poll(payloads).toHaveLength(3);
  expect(payloads()[2]).toMatchObject({ data: null });
  subscriber.close();
});

it('nothing of this was INTERNAL_ERROR', () => {
  expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
