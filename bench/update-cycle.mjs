// What one effective update costs PostgreSQL to its end: read, write with its job, the job's claim and end, the notices.
//   npm run bench:updates -- [--updates 6000] [--rate 200] [--devices 10000] [--connections 32] [--feeds 1]
// The parts of the gateway run in this process, without HTTP, GraphQL and encryption; the device says yes after 2 ms. `--rate`
// updates are begun in a second. Prints figures of each kind; nothing is asserted.
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { createLog } from '../dist/logging/log.js';
import { KeyRing } from '../dist/secrets/key-ring.js';
import { openDatabase as openGatewayDatabase } from '../dist/persistence/database/database.js';
import { deviceStore } from '../dist/persistence/devices/device-store.js';
import { generateDevices } from '../dist/persistence/fixtures/generate-devices.js';
import { instrumentedDatabase } from '../dist/persistence/database/instrumented-database.js';
import { applyMigrations } from '../dist/persistence/setup/migrations.js';
import { startChangeFeed } from '../dist/persistence/changes/change-feed.js';
import { provisioningQueue } from '../dist/persistence/jobs/claim-jobs.js';
import { startWorker } from '../dist/provisioning/worker.js';
import { notifyingDatabase } from '../dist/persistence/database/notifying-database.js';
import { readUsage } from './lib/cpu.mjs';
import { drainJobs, openDatabase } from './lib/database.mjs';
import { readOptions } from './lib/options.mjs';

const options = readOptions({ updates: 6000, rate: 200, devices: 10_000, connections: 32, feeds: 1 });
const server = await openDatabase();
await applyMigrations(server.url);
const plain = openGatewayDatabase(server.url, () => undefined);
const statements = new Map();
const database = instrumentedDatabase(plain, (name) => statements.set(name, (statements.get(name) ?? 0) + 1));
const secrets = new KeyRing([{ id: 'bench', bytes: Buffer.alloc(32, 7) }]);
await generateDevices(plain.prisma, secrets, options.devices, () => undefined);
await server.sql.query('VACUUM ANALYZE');
await server.sql.query('CHECKPOINT');

const log = createLog('warn');
let feeds = [];
const told = notifyingDatabase(database, () => feeds[0]?.changed());
const worker = startWorker({
  queue: provisioningQueue(told.run),
  secrets,
  driver: async () => {
    await delay(2);
    return { kind: 'applied' };
  },
  retryMs: 1000,
  log,
});
let heard = 0;
let outdated = 0;
// A server that nobody stops goes on without this process.
for (const event of ['SIGTERM', 'SIGINT', 'unhandledRejection', 'uncaughtException']) {
  process.on(event, async (cause) => {
    process.stderr.write(`${cause?.stack ?? cause}\n`);
    await server.stop();
    process.exit(1);
  });
}
feeds = Array.from({ length: options.feeds }, () =>
  startChangeFeed({
    url: server.url,
    run: database.run,
    handlers: {
      onChanges: (ids) => (heard += ids.length),
      onJob: () => worker.wake(),
      onGap: () => undefined,
    },
    log,
    heartbeatMs: 1_000,
  }),
);
await Promise.all(feeds.map(({ started }) => started));
const { optimistic } = deviceStore(told, {
  reserveSlot: () => worker.reserveSlot(),
  notifyQueued: () => worker.wake(),
});

const EVERYBODYS = { kind: 'all' };
let begun = 0;
async function update(number) {
  const id = `f3${(2 + ((number * 7919) % (options.devices - 1))).toString(16).padStart(22, '0')}`;
  const { device } = await optimistic.read({ id, macAddress: null, reach: EVERYBODYS });
  const settings = {
    ...device,
    version: device.version + 1,
    updatedAt: new Date(),
    name: `Device ${number}`,
    notes: `Changed by update ${number}`,
    wifi: { ...device.wifi, ssid: `Net ${number}` },
    dhcp: {
      ...device.dhcp,
      leaseTime: 1 + (number % 1000),
      reservedClients: [1, 2, 3].map((last) => ({
        mac: `0200000000${(16 + last).toString(16)}`,
        ip: `192.168.1.${last + 20}`,
        enable: true,
        id: `r${last}-${number}`,
      })),
    },
  };
  const audit = {
    action: 'UPDATE',
    paths: ['name', 'notes', 'wifi.ssid', 'dhcp.leaseTime', 'dhcp.reservedClients'],
    subject: 'bench',
    accessLevel: 'MANAGER',
    requestId: `request-${number}`,
  };
  const write = { kind: 'update', device: settings, before: device, reach: EVERYBODYS, needsJob: true };
  const outcome = await optimistic.write({ ...write, audit });
  if (typeof outcome === 'string') {
    outdated++;
    await update(number);
  }
}

/** Updates, spread evenly over time unless they are to go as fast as they can. */
async function updates(count, rate) {
  const start = performance.now();
  const first = begun;
  const client = async () => {
    while (begun < first + count) {
      const number = begun++;
      const due = start + ((number - first) * 1000) / rate;
      if (due > performance.now()) await delay(due - performance.now());
      await update(number);
    }
  };
  await Promise.all(Array.from({ length: options.connections }, client));
  await drainJobs(server);
}

async function tableStats() {
  await delay(1500);
  const { rows } = await server.sql.query(
    `SELECT relname, n_tup_ins::int AS ins, n_tup_upd::int AS upd, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd > 0`,
  );
  return new Map(rows.map((row) => [row.relname, row]));
}
const wal = async () =>
  (
    await server.sql.query(
      'SELECT wal_bytes::float8 AS b, wal_records::float8 AS r, wal_fpi::float8 AS fpi FROM pg_stat_wal',
    )
  ).rows[0];

await updates(Math.ceil(options.updates / 4), options.rate);
const tables0 = await tableStats();
const wal0 = await wal();
statements.clear();
const before = readUsage();
const start = performance.now();
await updates(options.updates, options.rate);
const seconds = (performance.now() - start) / 1000;
const after = readUsage();
const tables1 = await tableStats();
const wal1 = await wal();
const used = (part) => ((after[part] - before[part]) * 1000) / options.updates;
process.stdout.write(
  `${(options.updates / seconds).toFixed(0)} updates/s; PostgreSQL ${used('postgres').toFixed(3)} ms CPU an update; ` +
    `this process and PostgreSQL ${used('bench').toFixed(3)}; machine ${used('machine').toFixed(3)}; WAL ${((wal1.b - wal0.b) / options.updates).toFixed(0)} B, ${((wal1.r - wal0.r) / options.updates).toFixed(1)} records, fpi ${((wal1.fpi - wal0.fpi) / options.updates).toFixed(2)}\n`,
);
for (const [name, count] of statements)
  process.stdout.write(`  ${name}: ${(count / options.updates).toFixed(2)}\n`);
for (const [name, row] of tables1) {
  const base = tables0.get(name) ?? { ins: 0, upd: 0, hot: 0 };
  const [ins, upd, hot] = ['ins', 'upd', 'hot'].map((key) =>
    ((row[key] - base[key]) / options.updates).toFixed(2),
  );
  if (row.ins + row.upd > base.ins + base.upd)
    process.stdout.write(`  ${name}: ${ins} inserted, ${upd} updated, ${hot} of them HOT\n`);
}
process.stdout.write(`  heard ${heard}, outdated ${outdated}\n`);
await Promise.all(feeds.map(async (feed) => await feed.stop()));
await worker.stop(5000);
await plain.close();
await server.stop();
