// How long a page of 100 devices takes a reseller with 10,000 customers below, on a small fleet and on a large one.
//   npm run bench:lists -- SMALL_DATABASE_URL LARGE_DATABASE_URL
// Both databases are filled by `npm run db:generate`. Prints the median of each and their ratio; nothing is asserted.
import { performance } from 'node:perf_hooks';
import { startApp } from '../dist/app/app.js';
import { readSettings } from '../dist/config/settings.js';
import { createLog } from '../dist/logging/log.js';

const RESELLER = 'f00000000000000000000001';
const ROUNDS = 300;
const QUERY = `query ($after: String, $last: Int, $filter: NetworkDeviceFilter) {
  networkDeviceConnection(first: null, after: $after, last: $last, filter: $filter) {
    pageInfo { endCursor }
    nodes { id name customer { name } wifi { ssid } dhcp { leaseTime } status { online } }
  }
}`;

const CASES = {
  'first page': {},
  'page in the middle': { after: Buffer.from('id:f3000000000000000007a120').toString('base64url') },
  'last page': { last: 100 },
  'firewalls, which are rare': { filter: { type: ['FIREWALL'] } },
  'offline devices': { filter: { online: false } },
  'being provisioned': { filter: { state: ['PROVISIONING'] } },
  'search by serial number': { filter: { search: 'gen-4711' } },
};

/** @param {string} databaseUrl */
async function measure(databaseUrl) {
  const settings = readSettings({
    DATABASE_URL: databaseUrl,
    DATA_DIR: '.data/bench',
    PORT: '0',
    PROVISIONING_WORKER: 'false',
  });
  const app = await startApp(settings, createLog('silent'));
  const token = await app.issuer?.issue({ subject: 'bench', customerId: RESELLER, level: 'RESELLER' }, '1h');
  /** @type {Record<string, number>} */
  const medians = {};
  for (const [name, variables] of Object.entries(CASES)) {
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const start = performance.now();
      const response = await fetch(app.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: QUERY, variables }),
      });
      const { errors } = await response.json();
      if (errors !== undefined) throw new Error(JSON.stringify(errors));
      times.push(performance.now() - start);
    }
    times.sort((one, other) => one - other);
    medians[name] = times[Math.floor(ROUNDS / 2)] ?? 0;
  }
  await app.stop();
  return medians;
}

const [smallUrl, largeUrl] = process.argv.slice(2);
if (smallUrl === undefined || largeUrl === undefined) throw new Error('Give the URLs of both databases.');
const small = await measure(smallUrl);
const large = await measure(largeUrl);
for (const name of Object.keys(CASES)) {
  const [one, other] = [small[name] ?? 0, large[name] ?? 0];
  process.stdout.write(
    `${name.padEnd(26)} ${one.toFixed(1)} ms on the small fleet, ${other.toFixed(1)} ms on the large one: ${(other / one).toFixed(2)}\n`,
  );
}
