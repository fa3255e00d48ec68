// How long pages of 100 devices take in each order, at each place and in both directions, and counts and searches, for ADMIN, a
// reseller with 10,000 customers below and one with 50, on a small fleet and on a large one.
//   npm run bench:lists -- SMALL_DATABASE_URL LARGE_DATABASE_URL
// Both databases are filled by `npm run db:generate`. Prints the median of each and their ratio; nothing is asserted.
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { startApp } from '../dist/app/app.js';
import { readSettings } from '../dist/config/settings.js';
import { createLog } from '../dist/logging/log.js';

const ROUNDS = 40;
const PAGE = 100;
const QUERY = `query ($orderBy: NetworkDeviceOrder, $first: Int, $after: String, $last: Int, $before: String, $filter: NetworkDeviceFilter) {
  networkDeviceConnection(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    pageInfo { endCursor }
    nodes { id name customer { name } wifi { ssid } dhcp { leaseTime } status { online } }
  }
}`;
const COUNTS =
  'query ($filter: NetworkDeviceFilter) { networkDeviceCounts(filter: $filter) { isCapped total online notProvisioned } }';

const VIEWERS = {
  ADMIN: { level: 'ADMIN', customerId: 'f00000000000000000000001' },
  'large reseller': { level: 'RESELLER', customerId: 'f00000000000000000000001' },
  'small reseller': { level: 'RESELLER', customerId: 'f00000000000000000000004' },
};

/** By order: what a cursor begins with, the column, and its value in a cursor. */
const ORDERS = {
  ID: { column: 'd.id', value: 'NULL' },
  NAME: { column: 'd.name COLLATE "und-x-icu"', value: `':' || d.name` },
  UPDATED_AT: {
    column: 'd.updated_at',
    value: `':' || (extract(epoch FROM d.updated_at) * 1000)::bigint`,
  },
};

/** Lists with a filter, in order of id. The large reseller has none of the offline devices, and none with an account. */
const FILTERS = {
  'firewalls, which are rare': { type: ['FIREWALL'] },
  'offline devices': { online: false },
  'with an account': { hasMvnoAccount: true },
  'being provisioned': { state: ['PROVISIONING'] },
  'an address of none': { ip: '198.51.100.1' },
  'search by serial number': { search: 'gen-4711' },
  'search for what is nowhere': { search: 'no such device' },
};

/** Filters that find few devices or none, in every order and as counts. */
const FEW = {
  'newest job failed': { lastJobFailed: true },
  'not heard of since 2000': { lastCommBefore: '2000-01-01T00:00:00Z' },
  'offline since 2000': { online: false, lastCommBefore: '2000-01-01T00:00:00Z' },
  'not provisioned': { provisioned: false },
  'of a model of none': { model: [`f2${'5'.padStart(22, '0')}`] },
};

/** The cursor of the device in the middle of what a viewer reaches, in an order. */
async function middleOf(sql, { level, customerId }, field) {
  const { column, value } = ORDERS[field];
  const below =
    level === 'ADMIN'
      ? ''
      : `JOIN device_reach r ON r.device_id = d.id AND r.ancestor_id = ${pg.escapeLiteral(customerId)}`;
  const from = `FROM network_device d ${below}`;
  const { rows } = await sql.query(
    `SELECT d.id || coalesce(${value}, '') AS place ${from} ORDER BY ${column}, d.id LIMIT 1 OFFSET (SELECT count(*) / 2 ${from})`,
  );
  return Buffer.from(`${field.toLowerCase()}:${rows[0].place}`).toString('base64url');
}

/** What each viewer is asked for, by its title. */
async function casesOf(sql, viewer) {
  const cases = {};
  for (const field of Object.keys(ORDERS)) {
    const middle = await middleOf(sql, viewer, field);
    const order = { orderBy: { field } };
    cases[`${field}: first page`] = [QUERY, { ...order, first: PAGE }];
    cases[`${field}: middle, forward`] = [QUERY, { ...order, first: PAGE, after: middle }];
    cases[`${field}: middle, backward`] = [QUERY, { ...order, last: PAGE, before: middle }];
    cases[`${field}: last page`] = [QUERY, { ...order, last: PAGE }];
  }
  for (const [title, filter] of Object.entries(FILTERS)) cases[title] = [QUERY, { filter }];
  for (const [title, filter] of Object.entries(FEW)) {
    for (const field of Object.keys(ORDERS))
      cases[`${title}, by ${field}`] = [QUERY, { filter, orderBy: { field } }];
    cases[`${title}, counts`] = [COUNTS, { filter }];
  }
  cases['counts of all'] = [COUNTS, {}];
  cases['counts of offline devices'] = [COUNTS, { filter: { online: false } }];
  return cases;
}

async function medianOf(url, token, query, variables) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { errors } = await response.json();
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    times.push(performance.now() - start);
  }
  return times.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)];
}

/** @param {string} databaseUrl */
async function measure(databaseUrl) {
  const settings = readSettings({
    DATABASE_URL: databaseUrl,
    DATA_DIR: process.env.DATA_DIR ?? '.data/bench',
    PORT: '0',
    PROVISIONING_WORKER: 'false',
    RATE_LIMIT: '1000000',
  });
  const app = await startApp(settings, createLog('silent'));
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  const medians = {};
  for (const [name, viewer] of Object.entries(VIEWERS)) {
    const token = await app.issuer?.issue({ subject: 'bench', ...viewer }, '1h');
    for (const [title, [query, variables]] of Object.entries(await casesOf(sql, viewer)))
      medians[`${name}, ${title}`] = await medianOf(app.url, token, query, variables);
  }
  await sql.end();
  await app.stop();
  return medians;
}

const [smallUrl, largeUrl] = process.argv.slice(2);
if (smallUrl === undefined || largeUrl === undefined) throw new Error('Give the URLs of both databases.');
const small = await measure(smallUrl);
const large = await measure(largeUrl);
for (const [title, one] of Object.entries(small)) {
  const other = large[title];
  process.stdout.write(
    `${title.padEnd(44)} ${one.toFixed(1).padStart(7)} ms on the small fleet, ${other.toFixed(1).padStart(7)} ms on the large one: ${(other / one).toFixed(2)}\n`,
  );
}
