import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { ask, type Reply } from './support/client.js';
import { quantile, row } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';
import { startWriters } from './support/writers.js';

/** Sub resellers of the reseller that moves, each with as many customers; each of these has as many devices. */
const SUB_RESELLERS = size(100, 10);
const CUSTOMERS = 100;
const DEVICES = 10;

/** Maximum time that somebody's update may take more because of a move. */
const MAX_WAIT_MS = 1_000;

const [MOVED, BEFORE, AFTER] = ['a', 'b', 'c'].map((digit) => digit.repeat(24));

/** The tree: BEFORE and AFTER on top, MOVED below the first; the rig's customer, whose devices are written, below MOVED. */
const FILL = [
  `INSERT INTO customer (id, name, parent_reseller_id) VALUES ('${BEFORE}', 'Before', NULL), ('${AFTER}', 'After', NULL)`,
  `INSERT INTO customer (id, name, parent_reseller_id) VALUES ('${MOVED}', 'Moved', '${BEFORE}')`,
  `INSERT INTO customer (id, name, parent_reseller_id)
   SELECT 'd' || lpad(to_hex(n), 23, '0'), 'Sub ' || n, '${MOVED}' FROM generate_series(1, ${SUB_RESELLERS}) n`,
  `INSERT INTO customer (id, name, parent_reseller_id)
   SELECT 'e' || lpad(to_hex(n), 23, '0'), 'Customer ' || n, 'd' || lpad(to_hex(1 + n % ${SUB_RESELLERS}), 23, '0')
   FROM generate_series(1, ${SUB_RESELLERS * CUSTOMERS}) n`,
  `INSERT INTO network_device (id, customer_id, model_id, name, mac_address)
   SELECT 'f' || lpad(to_hex(n), 23, '0'), 'e' || lpad(to_hex(1 + n % ${SUB_RESELLERS * CUSTOMERS}), 23, '0'),
     (SELECT min(id) FROM device_model), 'Device ' || n, '0e' || lpad(to_hex(n), 10, '0')
   FROM generate_series(1, ${SUB_RESELLERS * CUSTOMERS * DEVICES}) n`,
  'ANALYZE',
];

let rig: Rig;
let gateway: ServerProcess;
beforeAll(async () => {
  rig = await startRig(8);
  for (const statement of FILL) await rig.rows(statement);
  await rig.rows('UPDATE customer SET parent_reseller_id = $1 WHERE id = $2', [MOVED, rig.customer]);
  gateway = await rig.startGateway();
}, 600_000);
afterAll(async () => {
  await rig.close();
});

async function move(parent: string | undefined): Promise<Reply> {
  const query = `mutation { syncCustomers(customers: [{ id: "${MOVED}", parentReseller: "${parent}" }]) { id } }`;
  return await ask({ url: gateway.url, token: await rig.token('ADMIN'), requestId: 'move', query });
}

/** Changes the MAC address of one device over and over, which locks its row against all that refers to it. */
async function changeMacs(isOver: () => boolean): Promise<readonly Reply[]> {
  const token = await rig.token('ADMIN');
  const id = `f${'1'.padStart(23, '0')}`;
  const replies: Reply[] = [];
  for (let turn = 0; !isOver(); turn += 1) {
    const macAddress = `0a${turn.toString(16).padStart(10, '0')}`;
    const query = `mutation { updateNetworkDevice(id: "${id}", input: { macAddress: "${macAddress}" }) { version } }`;
    replies.push(await ask({ url: gateway.url, token, requestId: `mac-${turn}`, query }));
  }
  return replies;
}

async function reach(customer: string | undefined): Promise<number> {
  const [counted] = await rig.rows('SELECT count(*)::integer AS n FROM device_reach WHERE ancestor_id = $1', [
    customer,
  ]);
  return Number(counted?.['n']);
}

const COUNT = SUB_RESELLERS * CUSTOMERS * DEVICES;

it(`a reseller with ${COUNT} devices below moves, and updates of others do not wait for it`, async () => {
  let isOver = false;
  const macs = changeMacs(() => isOver);
  const writers = await startWriters(rig, 4, () => gateway.url);
  await delay(2_000);
  const startedAt = performance.now();
  const there = await move(AFTER);
  const andBack = await move(BEFORE);
  const again = await move(AFTER);
  const endedAt = performance.now();
  isOver = true;
  await writers.stop();
  const replies = [...writers.replies, ...(await macs)];
  const took = (isMeanwhile: boolean): readonly number[] =>
    replies
      .filter((reply) => (reply.endedAt > startedAt && reply.startedAt < endedAt) === isMeanwhile)
      .map((reply) => reply.endedAt - reply.startedAt);
  row('reseller moved', {
    customers: SUB_RESELLERS * (CUSTOMERS + 1),
    devices: COUNT,
    'moves took ms': [there, andBack, again]
      .map((reply) => Math.round(reply.endedAt - reply.startedAt))
      .join(' '),
    'slowest update before ms': quantile(took(false), 1),
    'slowest update meanwhile ms': quantile(took(true), 1),
  });
  expect([there.outcome, andBack.outcome, again.outcome]).toEqual(['done', 'done', 'done']);
  expect(replies.filter(({ outcome }) => outcome !== 'done').map(({ text }) => text)).toEqual([]);
  expect(await reach(AFTER)).toBe(COUNT + rig.devices.length);
  expect(await reach(MOVED)).toBe(COUNT + rig.devices.length);
  expect(await reach(BEFORE)).toBe(0);
  expect(quantile(took(true), 1) - quantile(took(false), 1)).toBeLessThan(MAX_WAIT_MS);
}, 300_000);
