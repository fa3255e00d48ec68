// What is kept and removed: what tables weigh after many updates, and what clients feel while old rows go.
//   npm run bench:retention -- [--rows 1000000] [--devices 100000] [--seconds 20] [--connections 8] [--storage migrated]
// `--rows` updates with all that each leaves behind (job, audit entry with old values, note for subscribers), and as many status
// reports, are written by SQL, as the gateway's statements leave them; as many entries of the trail are too old, and as many keys. Then M is asked
// without removing, and while a gateway removes all of it. `--storage reset` takes away what migrations say of fill factors
// and autovacuum, to compare with. Prints tables; nothing is asserted.
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { OURS } from './lib/contenders.mjs';
import { drainJobs } from './lib/database.mjs';
import { readOptions } from './lib/options.mjs';
import { figure, table } from './lib/report.mjs';
import { say, withBench } from './lib/session.mjs';

const options = readOptions({
  ...{ rows: 1_000_000, devices: 100_000, seconds: 20, connections: 8 },
  storage: 'migrated',
});
const TABLES = [
  'network_device',
  'device_status',
  'provisioning_job',
  'device_audit',
  'device_change',
  'idempotency_key',
];
/** Rows of one statement, as of a busy gateway. */
const STEP = 100;
/** Who is not done by then is said by what is left. */
const MAX_ROUNDS = 30;
const MIB = 2 ** 20;
const KEEP = { JOB_DAYS: '0', HISTORY_DAYS: '0', AUDIT_DAYS: '0', IDEMPOTENCY_HOURS: '0' };

/** The device of a number: one after the other, far apart from each other. */
const DEVICE = `'f3' || lpad(to_hex(2 + (n::bigint * 7919) % ${options.devices - 1}), 22, '0')`;

/** What an update leaves behind, `$1` the place of the first and `$2` of the last of a step; older than anything but the audit trail is kept. */
const UPDATED = `WITH chosen AS (
    SELECT n, ${DEVICE} AS id FROM generate_series($1::integer, $2::integer) n
  ), written AS (
    UPDATE network_device d SET version = version + 1, name = 'Device ' || n, notes = 'Changed by update ' || n,
      wifi_ssid = 'Net ' || n, state = 'PROVISIONING', jobs = 1, updated_at = now()
    FROM chosen WHERE d.id = chosen.id RETURNING d.id, d.version, n
  ), noted AS (
    INSERT INTO device_change (device_id) SELECT id FROM written
  ), audited AS (
    INSERT INTO device_audit (at, device_id, version, action, paths, subject, access_level, request_id, old_values)
    SELECT now() - interval '500 days' + n * interval '1 second', id, version, 'UPDATE', '{name,notes,wifi.ssid,dhcp.leaseTime}',
      'f00000000000000000000003', 'MANAGER', 'gw-' || gen_random_uuid(),
      jsonb_build_object('name', 'Device ' || (n - 1), 'notes', 'Changed by update ' || (n - 1), 'wifi_ssid', 'Net ' || (n - 1), 'version', version - 1)
    FROM written
  )
  INSERT INTO provisioning_job (device_id, version, created_at) SELECT id, version, now() - interval '40 days' FROM written
  RETURNING id`;
const CLAIMED = `WITH claimed AS (
    UPDATE provisioning_job SET state = 'RUNNING', attempts = 1, started_at = now() - interval '40 days',
      lease = gen_random_uuid(), due_at = now() + interval '1 minute'
    WHERE state = 'QUEUED' AND due_at <= now() RETURNING device_id, id
  ) UPDATE network_device d SET running_job_id = claimed.id FROM claimed WHERE d.id = claimed.device_id`;
const ENDED = `WITH ended AS (
    UPDATE provisioning_job SET state = 'APPLIED', lease = NULL, finished_at = now() - interval '40 days' + id * interval '1 millisecond'
    WHERE state = 'RUNNING' RETURNING device_id
  ) UPDATE network_device d SET running_job_id = NULL, jobs = 0, state = 'ACTIVE', provisioned = true
    FROM ended WHERE d.id = ended.device_id`;
/** What status reports change; one of twenty devices has a new address. */
const REPORTED = `UPDATE device_status SET last_comm = now(), up_time_seconds = n, signal_strength = n % 101, ss_signal_strength = n % 97,
    uplink_rate_kbps = n, downlink_rate_kbps = n, connection_seconds = n, wan_ip = CASE WHEN n % 20 = 0 THEN '10.0.0.' || n % 256 ELSE wan_ip END
  FROM generate_series($1::integer, $2::integer) n WHERE device_id = ${DEVICE}`;
const OLD_AUDIT = `INSERT INTO device_audit (at, device_id, version, action, paths, subject, access_level, request_id)
  SELECT now() - interval '3700 days' + n * interval '1 second', ${DEVICE}, 1, 'UPDATE',
    '{name}', 'f00000000000000000000003', 'MANAGER', 'gw-' || gen_random_uuid() FROM generate_series(1, $1::integer) n`;
const OLD_KEYS = `INSERT INTO idempotency_key (key_digest, args_digest, object_id, created_at)
  SELECT substr(sha256((n % 100)::text::bytea), 1, 8) || substr(sha256(n::text::bytea), 1, 16), substr(sha256('arguments'), 1, 16), 'f3' || lpad(to_hex(2 + n % 1000), 22, '0'),
    now() - interval '2 days' + n * interval '10 milliseconds' FROM generate_series(1, $1::integer) n`;
/** What waits for its removal, of each kind that is told in removed_total; jobs that M has made the last but one of their device are left out. */
const leftUpTo = (lastJob) => ({
  jobs: `SELECT count(*)::integer AS n FROM provisioning_job j WHERE finished_at < now() - interval '30 days'
    AND EXISTS (SELECT FROM provisioning_job later WHERE later.device_id = j.device_id AND later.id > j.id AND later.id <= ${lastJob})`,
  history: `SELECT count(*)::integer AS n FROM device_audit WHERE old_values IS NOT NULL AND at < now() - interval '400 days'`,
  audit: `SELECT count(*)::integer AS n FROM device_audit WHERE at < now() - interval '3650 days'`,
  idempotency_keys: `SELECT count(*)::integer AS n FROM idempotency_key WHERE created_at < now() - interval '1 day'`,
});

await withBench(options, async (bench) => {
  const { sql } = bench.database;
  await bench.generate(options.devices);
  // Jobs that were generated would be in the way.
  await sql.query('DELETE FROM provisioning_job');
  await sql.query('UPDATE network_device SET jobs = 0, running_job_id = NULL WHERE jobs > 0');
  if (options.storage === 'reset') await resetStorage(sql);
  // As often as in days of such traffic, and not once in a minute.
  if (bench.database.isEmbedded) {
    await sql.query(`ALTER SYSTEM SET autovacuum_naptime = '1s'`);
    await sql.query('SELECT pg_reload_conf()');
  }
  await sql.query('VACUUM (ANALYZE)');
  const sizes = [];
  sizes.push(['before', await sizesOf(sql)]);
  say(`${options.rows} updates, and as many reports`);
  await update(sql);
  await settled();
  sizes.push([`after ${options.rows} updates`, await sizesOf(sql)]);
  const churn = await churnOf(sql);
  const weights = await weightsOf(sql);
  const pages = await pagesOfEmptyClaim(sql);
  // Gateways remove these by another rule, each minute.
  await sql.query('TRUNCATE device_change');
  await sql.query(OLD_AUDIT, [options.rows]);
  await sql.query(OLD_KEYS, [options.rows]);
  await sql.query('VACUUM (ANALYZE)');
  sizes.push(['with the old rows', await sizesOf(sql)]);

  const lastJob = (await sql.query('SELECT max(id) AS id FROM provisioning_job')).rows[0].id;
  const keeping = await bench.start(OURS, { env: KEEP });
  // The first one warms up.
  const without = [];
  for (let round = 0; round < 4; round += 1) without.push(await ask(bench, keeping, 1_000 + round));
  without.shift();
  await keeping.stop();
  const removing = await bench.start(OURS);
  const startedAt = performance.now();
  const during = [];
  const removedAfter = new Map();
  const left = Object.entries(leftUpTo(lastJob));
  for (let round = 2; removedAfter.size < left.length && round < MAX_ROUNDS; round += 1) {
    during.push(await ask(bench, removing, round));
    const counts = [];
    for (const [what, text] of left) {
      const { rows } = await sql.query(text);
      counts.push(`${what} ${rows[0].n}`);
      if (rows[0].n === 0 && !removedAfter.has(what)) removedAfter.set(what, performance.now() - startedAt);
    }
    say(`${figure((performance.now() - startedAt) / 1_000)} s, left ${counts.join(', ')}`);
  }
  await removing.stop();
  await settled();
  sizes.push(['after they were removed', await sizesOf(sql)]);

  const load = (run) => [figure(run.rps), figure(run.p50), figure(run.p99), figure(run.load)];
  const worstLast = (runs) => runs.toSorted((one, other) => one.p99 - other.p99);
  const medianOf = (runs) => worstLast(runs)[Math.floor(runs.length / 2)];
  process.stdout.write(
    [
      `## M beside the removal, ${options.connections} connections, rounds of ${options.seconds} s`,
      table(
        ['', 'M/s', 'p50 ms', 'p99 ms', 'load of the machine'],
        [
          ['nothing is removed, median round', ...load(medianOf(without))],
          ['nothing is removed, worst round', ...load(worstLast(without).at(-1))],
          ['while rows go, median round', ...load(medianOf(during))],
          ['while rows go, worst round', ...load(worstLast(during).at(-1))],
        ],
      ),
      table(
        ['', 'rows', 'gone after s'],
        [...removedAfter].map(([what, ms]) => [what, options.rows, figure(ms / 1000)]),
      ),
      '## MiB of tables, indexes included',
      table(
        ['', ...TABLES],
        sizes.map(([when, bytes]) => [when, ...TABLES.map((name) => figure(bytes.get(name) / MIB))]),
      ),
      `A worker that finds no job due reads ${pages} pages.`,
      '## Bytes that an update leaves behind',
      table(['', 'row', 'indexes'], weights),
      `## Updates of rows (storage: ${options.storage})`,
      table(['', 'rows updated', 'HOT', 'autovacuums', 'dead rows left'], churn),
      '',
    ].join('\n\n'),
  );
});

async function update(sql) {
  for (let first = 0; first < options.rows; first += STEP) {
    await sql.query({ name: 'updated', text: UPDATED, values: [first, first + STEP - 1] });
    await sql.query({ name: 'claimed', text: CLAIMED });
    await sql.query({ name: 'ended', text: ENDED });
    await sql.query({ name: 'reported', text: REPORTED, values: [first, first + STEP - 1] });
    if (first % 100_000 === 0) say(`  ${first}`);
  }
}

async function resetStorage(sql) {
  const { rows } = await sql.query(
    'SELECT oid::regclass::text AS name, reloptions FROM pg_class WHERE relkind = $1 AND reloptions IS NOT NULL',
    ['r'],
  );
  for (const { name, reloptions } of rows) {
    await sql.query(
      `ALTER TABLE ${name} RESET (${reloptions.map((option) => option.split('=')[0]).join(', ')})`,
    );
  }
}

async function sizesOf(sql) {
  const { rows } = await sql.query(
    'SELECT name, pg_total_relation_size(name::regclass)::float8 AS bytes FROM unnest($1::text[]) name',
    [TABLES],
  );
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

/** What a look for jobs costs where nothing is due: entries of ended jobs stay in the index until they are cleaned up. */
async function pagesOfEmptyClaim(sql) {
  const { rows } = await sql.query(
    `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT id FROM provisioning_job
     WHERE state IN ('QUEUED', 'RUNNING') AND due_at <= now() ORDER BY due_at LIMIT 10`,
  );
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

/** Of the tables that each update adds a row to. */
async function weightsOf(sql) {
  const { rows } = await sql.query(
    `SELECT name, pg_table_size(name::regclass)::float8 / $2 AS heap, pg_indexes_size(name::regclass)::float8 / $2 AS indexes
     FROM unnest($1::text[]) name`,
    [['provisioning_job', 'device_audit', 'device_change'], options.rows],
  );
  return rows.map(({ name, heap, indexes }) => [name, figure(heap), figure(indexes)]);
}

/** Lets autovacuum and the statistics come after. */
async function settled() {
  await delay(5_000);
}

async function churnOf(sql) {
  const { rows } = await sql.query(
    `SELECT relname, n_tup_upd::integer AS updated, n_tup_hot_upd::integer AS hot, autovacuum_count::integer AS vacuums,
       n_dead_tup::integer AS dead FROM pg_stat_user_tables WHERE relname = ANY($1) AND n_tup_upd > 0 ORDER BY 1`,
    [TABLES],
  );
  return rows.map(({ relname, updated, hot, vacuums, dead }) => [
    relname,
    updated,
    `${figure((100 * hot) / updated)} %`,
    vacuums,
    dead,
  ]);
}

async function ask({ load, database }, { url }, seed) {
  const job = { urls: [url], kind: OURS.kind, operation: 'M', devices: options.devices, ...options };
  const { count, seconds, p50, p99, failed } = await load.run({ ...job, seed });
  await drainJobs(database);
  if (failed > 0) throw new Error(`${failed} of M failed.`);
  const [average] = loadavg();
  return { rps: count / seconds, p50, p99, load: average };
}
