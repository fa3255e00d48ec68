// How many status reports a second the gateway takes in through its front door, and with how many SQL statements a call.
//   npm run bench:status -- [DATABASE_URL]
// Without a URL the embedded database in .data/bench is used; the devices of `npm run db:generate` are added where they
// lack. Beside it the usual way: one UPDATE for each report, on the bare pool, without a gateway. Nothing is asserted.
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { startApp } from '../dist/app/app.js';
import { readSettings } from '../dist/config/settings.js';
import { createLog } from '../dist/logging/log.js';
import { runningEmbeddedUrl } from '../dist/embedded-postgres/embedded-postgres.js';
import { generateDevices } from '../dist/persistence/fixtures/generate-devices.js';
import { openStorage } from '../dist/persistence/setup/open-storage.js';

const DEVICES = 10_000;
const CALLERS = 4;
const SECONDS = 4;
const SIZES = [1, 50, 500];
const MUTATION =
  'mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id status { lastComm } } }';

const [databaseUrl] = process.argv.slice(2);
const settings = readSettings({
  DATA_DIR: '.data/bench',
  PORT: '0',
  MAX_BODY_BYTES: '1000000',
  PROVISIONING_WORKER: 'false',
  ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
});
const log = createLog('silent');
const app = await startApp(settings, log);
const storage = await openStorage(settings, log, true);
await generateDevices(storage.database.prisma, DEVICES, () => undefined);
const url = databaseUrl ?? (await runningEmbeddedUrl(settings.dataDir));
const token = await app.issuer?.issue({ subject: 'bench', scope: 'status:report' }, '1h');

let statements = 0;
const query = pg.Client.prototype.query;
/** @this {pg.Client} */
pg.Client.prototype.query = /** @type {typeof query} */ (
  function (.../** @type {Parameters<typeof query>} */ args) {
    statements += 1;
    return query.apply(this, args);
  }
);

let turn = 0;
/** Reports of `size` devices; the next call goes on with the next ones. @param {number} size */
function nextReports(size) {
  return Array.from({ length: size }, () => {
    turn += 1;
    return {
      device: `f3${(1 + (turn % DEVICES)).toString(16).padStart(22, '0')}`,
      online: true,
      wanIp: `100.64.${turn % 256}.7`,
      upTime: turn,
      signalStrength: turn % 101,
      simStatus: '1',
      networkType: '40',
    };
  });
}

/** @param {ReturnType<typeof nextReports>} reports */
async function throughGateway(reports) {
  const response = await fetch(app.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: MUTATION, variables: { reports } }),
  });
  const { data, errors } = await response.json();
  if (errors !== undefined || data.reportDeviceStatus.includes(null)) throw new Error(JSON.stringify(errors));
}

const pool = new pg.Pool({ connectionString: url, max: 10 });
/** @param {ReturnType<typeof nextReports>} reports */
async function oneByOne(reports) {
  for (const { device, online, wanIp, upTime, signalStrength, simStatus, networkType } of reports) {
    await pool.query({
      name: 'peer',
      text: `UPDATE device_status SET last_comm = now(), online = $2, wan_ip = $3, up_time_seconds = $4,
        signal_strength = $5, sim_status_code = $6, network_type_code = $7 WHERE device_id = $1 RETURNING last_comm`,
      values: [device, online, wanIp, upTime, signalStrength, simStatus, networkType],
    });
  }
}

/**
 * Several callers at once, for some seconds.
 * @param {number} size
 * @param {(reports: ReturnType<typeof nextReports>) => Promise<void>} call
 */
async function measure(size, call) {
  await call(nextReports(size));
  statements = 0;
  let calls = 0;
  const start = performance.now();
  const end = start + SECONDS * 1_000;
  const caller = async () => {
    while (performance.now() < end) {
      await call(nextReports(size));
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const perSecond = (calls * size * 1_000) / (performance.now() - start);
  return { perSecond, perCall: statements / calls };
}

const COLUMNS = [
  'reports a call',
  'reports/s',
  'statements/call',
  'one UPDATE each: reports/s',
  'statements/call',
  'ratio',
];
/** @param {readonly string[]} cells */
const print = (cells) =>
  process.stdout.write(
    `${cells.map((cell, index) => cell.padStart(COLUMNS[index]?.length ?? 0)).join('  ')}\n`,
  );

print(COLUMNS);
for (const size of SIZES) {
  const ours = await measure(size, throughGateway);
  const peer = await measure(size, oneByOne);
  print([
    String(size),
    ours.perSecond.toFixed(0),
    ours.perCall.toFixed(2),
    peer.perSecond.toFixed(0),
    peer.perCall.toFixed(2),
    (ours.perSecond / peer.perSecond).toFixed(2),
  ]);
}
await pool.end();
await storage.close();
await app.stop();
