import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { createLargeFleet } from '../support/large-fleet.js';
import { row } from './support/figures.js';
import { size } from '../support/sizes.js';
import { pageInfo } from '../support/page-info.js';

const DEVICES = size(100_000, 3_000);
const WRITERS = 8;
const PAGE_SIZE = 500;

const PAGE = `query ($orderBy: NetworkDeviceOrder, $first: Int, $after: String, $last: Int, $before: String) {
  networkDeviceConnection(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id }
  }
}`;
const RENAME =
  'mutation ($id: ID!, $name: String) { updateNetworkDevice(id: $id, input: {name: $name}) { id } }';

const page = z.object({
  networkDeviceConnection: z.object({
    pageInfo,
    nodes: z.array(z.object({ id: z.string() })),
  }),
});

let gateway: TestGateway;
let token: string;
let renamable: readonly string[];
beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT: '0', PROVISIONING_WORKER: 'false' });
  await createLargeFleet(gateway, DEVICES);
  // Many have the same name, and the same moment.
  await gateway.sql.query(
    `UPDATE network_device SET name = 'Device ' || left(md5(id), 2),
       updated_at = timestamptz '2026-01-01' + (get_byte(id::bytea, 0) * interval '1 ms')`,
  );
  await gateway.sql.query('VACUUM ANALYZE network_device');
  const { rows } = await gateway.sql.query<{ id: string }>(
    'SELECT id FROM network_device ORDER BY md5(id) LIMIT $1',
    [DEVICES / 10],
  );
  renamable = rows.map(({ id }) => id);
  token = await gateway.token('ADMIN', 'ab'.repeat(12), '1h');
}, 600_000);
afterAll(async () => {
  await gateway.stop();
});

/** All ids, page by page. */
async function walk(orderBy: object, isBackward: boolean): Promise<readonly string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const place = isBackward ? { last: PAGE_SIZE, before: cursor } : { first: PAGE_SIZE, after: cursor };
    const { data, errors } = await gateway.query(PAGE, { token, variables: { orderBy, ...place } });
    expect(errors).toEqual([]);
    const { nodes, pageInfo } = page.parse(data).networkDeviceConnection;
    const ids = nodes.map(({ id }) => id);
    if (isBackward) seen.unshift(...ids);
    else seen.push(...ids);
    if (!(isBackward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return seen;
    cursor = isBackward ? pageInfo.startCursor : pageInfo.endCursor;
  }
}

/** Renames devices until it is told to stop. @returns how many were renamed */
async function renameUntil(isOver: () => boolean, writer: number): Promise<number> {
  let renamed = 0;
  while (!isOver()) {
    const id = renamable[(renamed * WRITERS + writer) % renamable.length];
    const variables = { id, name: `Device ${((renamed * 7 + writer) % 256).toString(16)}` };
    const { errors } = await gateway.query(RENAME, { token, variables });
    expect(errors).toEqual([]);
    renamed += 1;
  }
  return renamed;
}

const WALKS = (['NAME', 'UPDATED_AT'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).flatMap((direction) =>
    [false, true].map((isBackward) => ({ field, direction, isBackward })),
  ),
);
const COLUMNS = { NAME: 'name COLLATE "und-x-icu"', UPDATED_AT: 'updated_at' };

it(
  'a walk while others rename meets every device once whose sort value stays, in order',
  { timeout: 1_800_000 },
  async () => {
    let isOver = false;
    const writers = Array.from(
      { length: WRITERS },
      async (_, index) => await renameUntil(() => isOver, index),
    );
    const touched = new Set(renamable);
    try {
      for (const { field, direction, isBackward } of WALKS) {
        const seen = await walk({ field, direction }, isBackward);
        const { rows } = await gateway.sql.query<{ id: string }>(
          `SELECT id FROM network_device device WHERE NOT EXISTS (SELECT FROM unnest($1::text[]) renamed WHERE renamed = device.id)
         ORDER BY ${COLUMNS[field]} ${direction}, id ${direction}`,
          [renamable],
        );
        expect(rows).toHaveLength(DEVICES - renamable.length);
        expect(seen.filter((id) => !touched.has(id))).toEqual(rows.map(({ id }) => id));
      }
    } finally {
      isOver = true;
    }
    const renamed = (await Promise.all(writers)).reduce((sum, count) => sum + count, 0);
    expect(renamed).toBeGreaterThan(WALKS.length);
    row('walks by name and time while others rename', {
      devices: DEVICES,
      walks: WALKS.length,
      renames: renamed,
    });
  },
);
