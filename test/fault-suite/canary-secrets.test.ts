import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { localClaims, sign, unsigned } from '../support/tokens.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { ask, type Reply, send } from './support/client.js';
import { row, tally } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';

const ROUNDS = size(20, 2);

/** Valid as WiFi passwords, so that they are stored as well as refused. */
const PASSWORDS = ['Zq7canaryWifi', 'Zq7canaryWifi5G', 'Zq7canaryWifi6G'] as const;
const KEY = randomBytes(32).toString('base64');

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion) { version wifi { ssid } }
}`;
const READ = 'query ($id: ID!) { networkDevice(id: $id) { wifi { password password5G password6G } } }';

let rig: Rig;
let southbound: Southbound;
beforeAll(async () => {
  southbound = await startSouthbound();
  rig = await startRig(4, {
    ...southbound.env,
    WIFI_SECRET_KEYS: `canary:${KEY}`,
    PROVISIONING_WORKER: 'true',
    LOG_LEVEL: 'trace',
  });
});
afterAll(async () => {
  await rig.close();
  await southbound.close();
});

/** A device's endpoint that repeats what it got, refuses, breaks off, and says nothing of use. */
function answerBadly(): void {
  let turn = 0;
  southbound.answerWith((order) => {
    turn += 1;
    const error = `cannot set ${JSON.stringify(order.wifi)}`;
    return (
      [
        { status: 422, body: { error } },
        { status: 500, body: { error } },
        { status: 409, body: error },
        { status: 204 },
      ][turn % 4] ?? 'silence'
    );
  });
}

const wifi = {
  enabled: true,
  ssid: 'Canary',
  password: PASSWORDS[0],
  password5G: PASSWORDS[1],
  password6G: PASSWORDS[2],
};

/** Requests of all kinds that hold secrets, but none that may read them. */
async function askEverything(
  url: string,
  tokens: readonly string[],
  round: number,
): Promise<readonly Reply[]> {
  const [good = '', ...bad] = tokens;
  const [first, second, third] = rig.devices;
  const inputs: readonly object[] = [
    { name: `Canary ${round}`, wifi },
    { wifi: { ...wifi, ssid: `Canary ${round}` } },
    { wifi: { ...wifi, ssid: PASSWORDS[0].repeat(9) } },
    { wifi: { ...wifi, enabled: PASSWORDS[0] } },
    { wifi: { ...wifi, bandsteering: true }, macAddress: third?.macAddress },
    { wifi, passphrase: PASSWORDS[1] },
  ];
  const asked = inputs.flatMap((input) =>
    [first, second].map(
      async (device) =>
        await ask({
          url,
          token: good,
          requestId: `canary-${round}`,
          query: UPDATE,
          variables: { id: device?.id, input },
        }),
    ),
  );
  asked.push(
    ask({
      url,
      token: good,
      requestId: 'canary',
      query: UPDATE,
      variables: { id: first?.id, input: { wifi }, expectedVersion: 999 },
    }),
    ask({
      url,
      token: good,
      requestId: 'canary',
      query: `mutation { updateNetworkDevice(id: "x", input: { wifi: { password: ${PASSWORDS[0]} } }) { id } }`,
    }),
    ask({
      url,
      token: good,
      requestId: 'canary',
      query: `{ networkDevice(id: "${PASSWORDS[1]}", key: "${KEY}") { id } }`,
    }),
    ...bad.map(async (token) => await ask({ url, token, requestId: 'canary', query: '{ viewer { id } }' })),
  );
  return await Promise.all(asked);
}

/** The REST page, bodies that are cut short, and the places for operators. */
async function askElsewhere(url: string, token: string): Promise<readonly string[]> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const id = rig.devices[0]?.id ?? '';
  const page = JSON.stringify({ wifi: { ...wifi, password: `${PASSWORDS[0]}\u0000` } });
  const answers = [
    await send(new URL(`/network/device/${id}`, url).href, 'POST', page, headers),
    await send(new URL(`/network/device/${id}`, url).href, 'POST', page.slice(0, -9), headers),
    await send(url, 'POST', page.slice(0, -9), headers),
    await send(`${url}?query=${encodeURIComponent(`{ nope(a: "${PASSWORDS[0]}") }`)}`, 'GET', '', headers),
    ...(await Promise.all(
      ['/metrics', '/health/ready', '/health/live', '/schema.graphql', `/${PASSWORDS[0]}`].map(
        async (path) => await send(new URL(path, url).href, 'GET', '', headers),
      ),
    )),
  ];
  return answers.map(({ text }) => text);
}

/** Every row of every table, as text. */
async function dump(): Promise<readonly string[]> {
  const tables = await rig.rows(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    rows.push(
      ...(await rig.rows(`SELECT t::text AS text FROM "${String(name)}" t`)).map(
        ({ text }) => `${String(name)} ${String(text)}`,
      ),
    );
  }
  return rows;
}

it(`${ROUNDS} rounds of all kinds of requests and faults: no secret is in a log, an error, the audit trail or a table`, async () => {
  answerBadly();
  const gateway = await rig.startGateway();
  const good = await rig.token('MANAGER');
  const claims = localClaims(rig.customer, { name: PASSWORDS[0] });
  const forged = [await sign(claims, randomBytes(32)), unsigned(claims), `${good}x`, `Zq7canary.${good}`];
  const tokens = [good, ...forged];
  const replies: Reply[] = [];
  const texts: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    replies.push(...(await askEverything(gateway.url, tokens, round)));
    texts.push(...(await askElsewhere(gateway.url, good)));
    rig.proxy.judge = (chunk) => (chunk.includes('write-device') ? 'cut-after' : 'pass');
    replies.push(...(await askEverything(gateway.url, tokens, round + 1_000)));
    rig.proxy.judge = () => 'pass';
    await rig.proxy.close();
    replies.push(...(await askEverything(gateway.url, tokens, round + 2_000)));
    await rig.proxy.open();
  }
  await rig.rows('ALTER TABLE network_device RENAME COLUMN notes TO notes_away');
  replies.push(...(await askEverything(gateway.url, tokens, 3_000)));
  await rig.rows('ALTER TABLE network_device RENAME COLUMN notes_away TO notes');
  await expect
    .poll(async () => (await rig.rows('SELECT error FROM provisioning_job WHERE error IS NOT NULL')).length)
    .toBeGreaterThan(0);
  const variables = { id: rig.devices[0]?.id };
  const stored = await ask({ url: gateway.url, token: good, requestId: 'canary', query: READ, variables });
  const { stdout, stderr } = await gateway.end('SIGTERM');

  const databasePassword = new URL(rig.databaseUrl()).password;
  const secrets = [
    ...[...PASSWORDS, 'Zq7canary'],
    ...tokens.map((token) => token.split('.').at(-1) ?? ''),
    ...[KEY, southbound.env['PROVISIONING_SECRET'] ?? '', databasePassword],
  ].filter((secret) => secret.length > 5);
  const places = {
    log: [...stdout.split('\n'), ...stderr.split('\n')],
    answers: [...replies.map(({ text }) => text), ...texts],
    tables: await dump(),
  };
  const found = Object.entries(places).flatMap(([place, lines]) =>
    lines.flatMap((line) =>
      secrets.filter((secret) => line.includes(secret)).map((secret) => `${place}: ${secret} in ${line}`),
    ),
  );
  row('canary secrets', {
    requests: replies.length + texts.length,
    outcomes: tally(replies.map(({ outcome }) => outcome)),
    'log lines': places.log.length,
    rows: places.tables.length,
    found: found.length,
  });
  // What is looked for was there to be found.
  expect(JSON.stringify(stored.data)).toContain(PASSWORDS[0]);
  const outcomes = new Set(replies.map(({ outcome }) => outcome));
  for (const outcome of [
    'done',
    'INVALID_VALUE',
    'BAD_USER_INPUT',
    'VERSION_CONFLICT',
    'UNAUTHENTICATED',
    'OUTCOME_UNKNOWN',
    'DATABASE_UNAVAILABLE',
    'INTERNAL_ERROR',
  ]) {
    expect(outcomes).toContain(outcome);
  }
  expect(places.log.length).toBeGreaterThan(20);
  for (const table of ['network_device', 'device_audit', 'provisioning_job', 'secret_key_check']) {
    expect(
      places.tables.some((line) => line.startsWith(`${table} `)),
      table,
    ).toBe(true);
  }
  expect(found).toEqual([]);
}, 300_000);
