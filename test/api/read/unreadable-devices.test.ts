import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { connect, touch } from '../../live/subscriber.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';

/** What the schema of the database lets in and no reader understands, and what asks for it. */
const UNREADABLE = [
  [
    'a reservation',
    `UPDATE network_device SET dhcp_reserved_clients = '[{"mac":5}]' WHERE id = $1`,
    'dhcp { reservedClients { mac } }',
  ],
  ['a moment of the device', `UPDATE network_device SET created_at = 'infinity' WHERE id = $1`, 'createdAt'],
  [
    'a moment of the status',
    `UPDATE device_status SET last_comm = '20000-01-01' WHERE device_id = $1`,
    'status { lastComm }',
  ],
] as const;

let gateway: TestGateway;
let customer: string;
let token: string;
let admin: string;

beforeAll(async () => {
  gateway = await startTestGateway();
});
beforeEach(async () => {
  customer = await createCustomer(gateway);
  token = await gateway.token('MANAGER', customer);
  admin = await gateway.token('ADMIN', customer);
});
afterAll(async () => {
  await gateway.stop();
});

/** Three devices in order of id, the one in the middle unreadable. */
async function three(spoil: string): Promise<readonly [string, string, string]> {
  const [first = '', bad = '', last = ''] = [newId(), newId(), newId()].toSorted();
  for (const id of [first, bad, last]) await createDevice(gateway, { id, customer });
  await gateway.sql.query(spoil, [bad]);
  return [first, bad, last];
}

const failureAt = (path: readonly (string | number)[], deviceId: string) => ({
  path,
  extensions: { code: 'INTERNAL_ERROR', deviceId },
});

describe.each(UNREADABLE)(
  'a device of which %s cannot be read spoils nothing but itself',
  (_, spoil, asked) => {
    it('in a batch: null with an error at each of its places, which is logged once', async () => {
      const [first, bad, last] = await three(spoil);
      const { data, errors } = await gateway.query(
        `query ($ids: [ID!]!) { networkDevices(ids: $ids) { id ${asked} } }`,
        {
          token,
          variables: { ids: [bad, first, bad, last, newId()] },
        },
      );
      expect(data).toMatchObject({ networkDevices: [null, { id: first }, null, { id: last }, null] });
      expect(errors).toMatchObject([
        failureAt(['networkDevices', 0], bad),
        failureAt(['networkDevices', 2], bad),
      ]);
      const { requestId = '-' } = errors[0]?.extensions ?? {};
      expect(gateway.logLines.filter((line) => line.includes(requestId) && line.includes(bad))).toHaveLength(
        1,
      );
    });

    it('in a batch that does not ask for it: nothing', async () => {
      const [first, bad] = await three(spoil);
      const answer = await gateway.query('query ($ids: [ID!]!) { networkDevices(ids: $ids) { id name } }', {
        token,
        variables: { ids: [bad, first] },
      });
      expect(answer).toMatchObject({ data: { networkDevices: [{ id: bad }, { id: first }] }, errors: [] });
    });

    it('on a page: null in nodes and edges; cursors, the pages around it and the count stand', async () => {
      const [first, bad, last] = await three(spoil);
      const query = `query ($after: String) {
      networkDeviceConnection(first: 2, after: $after) {
        nodes { id ${asked} } edges { cursor node { id } } pageInfo { hasNextPage endCursor } totalCount
      }
    }`;
      const { data, errors } = await gateway.query(query, { token });
      expect(data).toMatchObject({
        networkDeviceConnection: {
          nodes: [{ id: first }, null],
          edges: [{ node: { id: first } }, { node: null }],
          pageInfo: { hasNextPage: true },
          totalCount: 3,
        },
      });
      expect(errors).toMatchObject([
        failureAt(['networkDeviceConnection', 'nodes', 1], bad),
        failureAt(['networkDeviceConnection', 'edges', 1, 'node'], bad),
      ]);
      const after = endCursorIn(data);
      const next = await gateway.query(query, { token, variables: { after } });
      expect(next.errors).toEqual([]);
      expect(next.data).toMatchObject({ networkDeviceConnection: { nodes: [{ id: last }] } });
    });

    it('in _entities', async () => {
      const [first, bad] = await three(spoil);
      const representations = [bad, first].map((id) => ({ __typename: 'NetworkDevice', id }));
      const query = `query ($representations: [_Any!]!) {
      _entities(representations: $representations) { ... on NetworkDevice { id ${asked} } }
    }`;
      const { data, errors } = await gateway.query(query, { token, variables: { representations } });
      expect(data).toMatchObject({ _entities: [null, { id: first }] });
      expect(errors).toMatchObject([failureAt(['_entities', 0], bad)]);
    });

    it('asked for alone it is an error; a device that is asked for at the same moment stands', async () => {
      const [first, bad] = await three(spoil);
      const query = `query ($first: ID!, $bad: ID!) {
      first: networkDevice(id: $first) { id } bad: networkDevice(id: $bad) { id }
    }`;
      const { data, errors } = await gateway.query(query, { token, variables: { first, bad } });
      expect(data).toEqual({ first: { id: first }, bad: null });
      expect(errors).toMatchObject([failureAt(['bad'], bad)]);
    });

    it('subscribers get an error for its change and go on to get the others; whoever does not reach it gets nothing', async () => {
      const [first, bad] = await three(spoil);
      const subscriber = await connect(gateway, token);
      const outside = await connect(gateway, await gateway.token('MANAGER', await createCustomer(gateway)));
      try {
        await subscriber.watch('w');
        await outside.watch('w', { ids: [bad] });
        await touch(gateway, [bad]);
        await touch(gateway, [first]);
        expect(await subscriber.receives('w', 2)).toMatchObject([null, { id: first }]);
        const errors = subscriber.messages.flatMap((sent) =>
          sent.type === 'next' ? (sent.payload.errors ?? []) : [],
        );
        expect(errors).toMatchObject([failureAt(['networkDeviceChanged'], bad)]);
        expect(subscriber.messages.filter(({ type }) => type === 'error')).toEqual([]);
        expect(outside.messages.filter(({ type }) => type !== 'connection_ack')).toEqual([]);
      } finally {
        subscriber.close();
        outside.close();
      }
    });

    it('the settings of others are brought to them; its own job fails with a reason', async () => {
      const [first, bad] = await three(spoil);
      await gateway.sql.query(
        `WITH queued AS (INSERT INTO provisioning_job (device_id, version) SELECT id, 1 FROM unnest($1::text[]) AS d(id))
       UPDATE network_device SET jobs = 1, state = 'PROVISIONING' WHERE id = ANY($1)`,
        [[bad, first]],
      );
      await expect
        .poll(async () => {
          const { rows } = await gateway.sql.query<object>(
            `SELECT d.state, d.jobs, j.state AS job, j.error FROM network_device d
           JOIN provisioning_job j ON j.device_id = d.id WHERE d.id = ANY($1) ORDER BY d.id`,
            [[first, bad]],
          );
          return rows;
        })
        .toMatchObject([
          { state: 'ACTIVE', jobs: 0, job: 'APPLIED', error: null },
          { state: 'ACTIVE', jobs: 0, job: 'FAILED', error: 'The stored device cannot be read.' },
        ]);
    });
  },
);

it('a job that cannot be read spoils the jobs of its own device', async () => {
  const devices = [
    await createDevice(gateway, { customer }),
    await createDevice(gateway, { customer }),
  ] as const;
  const [bad, good] = devices;
  for (const { id } of devices) {
    await gateway.sql.query(
      `INSERT INTO provisioning_job (device_id, version, state, finished_at) VALUES ($1, 1, 'APPLIED', now())`,
      [id],
    );
  }
  await gateway.sql.query(`UPDATE provisioning_job SET created_at = 'infinity' WHERE device_id = $1`, [
    bad.id,
  ]);
  const query = 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id provisioningJobs { state } } }';
  const { data, errors } = await gateway.query(query, {
    token: admin,
    variables: { ids: devices.map(({ id }) => id) },
  });
  expect(data).toEqual({
    networkDevices: [
      { id: bad.id, provisioningJobs: null },
      { id: good.id, provisioningJobs: [{ state: 'APPLIED' }] },
    ],
  });
  expect(errors).toMatchObject([failureAt(['networkDevices', 0, 'provisioningJobs'], bad.id)]);
});

const page = z.object({
  networkDeviceConnection: z.object({ pageInfo: z.object({ endCursor: z.string() }) }),
});

function endCursorIn(data: unknown): string {
  return page.parse(data).networkDeviceConnection.pageInfo.endCursor;
}
