// What an operation of the gateway costs on a small fleet and on a large one, with history and idempotency keys, and what a
// second instance brings.
//   npm run bench:growth -- [--sizes 10000,100000,1000000] [--seconds 10] [--rounds 3] [--connections 32] [--operations Q,M]
// Results go to bench/GROWTH.md unless a run is too short to mean anything.
import { writeFile } from 'node:fs/promises';
import { OURS } from './lib/contenders.mjs';
import { measure } from './lib/measure.mjs';
import { OPERATIONS } from './lib/operations.mjs';
import { isTrustworthy, readOptions } from './lib/options.mjs';
import { circumstances, disturbance, figure, medians, table } from './lib/report.mjs';
import { say, withBench } from './lib/session.mjs';
import { median } from './lib/summary.mjs';

const MIB = 2 ** 20;
const SHARED = ['Q', 'M'];

/** What a fleet has behind it: two changes of each device with old values, and a key for each. */
const HISTORY = `INSERT INTO device_audit (at, device_id, version, action, paths, subject, access_level, request_id, old_values)
  SELECT now() - n * interval '30 days', id, 1, 'UPDATE', '{name,notes}', 'f00000000000000000000003', 'MANAGER', 'gw-' || gen_random_uuid(),
    jsonb_build_object('name', 'Once ' || name, 'notes', 'Changed ' || n || ' months ago') FROM network_device d, generate_series(1, 2) n
  WHERE NOT EXISTS (SELECT FROM device_audit WHERE device_id = d.id)`;
const KEYS = `INSERT INTO idempotency_key (key_digest, args_digest, object_id)
  SELECT substr(sha256(('subject ' || row_number() OVER () % 1000)::bytea), 1, 8) || substr(sha256(id::bytea), 1, 16),
    substr(sha256('arguments'), 1, 16), id FROM network_device ON CONFLICT DO NOTHING`;

const options = readOptions({
  sizes: [10_000, 100_000, 1_000_000],
  seconds: 10,
  rounds: 3,
  connections: 32,
  operations: ['Q', 'M', 'batch', 'page'],
});

await withBench(options, async (bench) => {
  const runs = [];
  const starts = [];
  for (const size of options.sizes) {
    say(`generating ${size} devices`);
    await bench.generate(size);
    await bench.database.sql.query(HISTORY);
    await bench.database.sql.query(KEYS);
    await bench.database.sql.query('VACUUM (ANALYZE)');
    const sized = { ...bench, options: { ...options, devices: size } };
    for (let round = 1; round <= options.rounds; round += 1) {
      const server = await bench.start(OURS);
      starts.push({ size, startMs: server.startMs });
      runs.push(...(await measureAll(sized, [server], options.operations, { size, instances: 1 }, round)));
      await server.stop();
    }
  }
  const size = options.sizes.at(-1);
  const sized = { ...bench, options: { ...options, devices: size } };
  for (let round = 1; round <= options.rounds; round += 1) {
    const servers = [await bench.start(OURS), await bench.start(OURS)];
    runs.push(...(await measureAll(sized, servers, SHARED, { size, instances: 2 }, round)));
    for (const server of servers) await server.stop();
  }
  const text = growthText(bench, runs, starts);
  process.stdout.write(`\n${text}`);
  if (isTrustworthy(options)) await writeFile(new URL('GROWTH.md', import.meta.url), text);
  else say('Too short to mean anything: bench/GROWTH.md stays as it is.');
});

async function measureAll(bench, servers, operations, place, round) {
  const runs = [];
  for (const operation of operations) {
    const run = await measure(bench, servers, OURS.kind, operation);
    say(
      `${place.size} devices, ${place.instances} instances, ${operation}: ${Math.round(run.rps)} rps, ${run.cpu.toFixed(2)} ms of CPU`,
    );
    if (run.isDisturbed) say(`  WARNING: other processes used ${run.others.toFixed(2)} cores meanwhile.`);
    if (run.failed > 0)
      say(`  WARNING: ${run.failed} requests failed, the first one so: ${run.firstFailure}`);
    runs.push({ ...place, operation, ...run });
  }
  return runs;
}

function growthText(bench, runs, starts) {
  const of = (size, instances, operation) =>
    medians(
      runs.filter((run) => run.size === size && run.instances === instances && run.operation === operation),
    );
  const [smallest] = options.sizes;
  const largest = options.sizes.at(-1);
  const sections = options.operations.map((operation) => {
    const small = of(smallest, 1, operation);
    const rows = options.sizes.map((size) => {
      const one = of(size, 1, operation);
      const total = one.cpu + one.databaseCpu;
      return [
        size,
        one.rps,
        one.cpu,
        one.databaseCpu,
        total / (small.cpu + small.databaseCpu),
        one.p50,
        one.p99,
      ].map(figure);
    });
    const head = [
      'devices',
      'rps',
      'CPU s / 1,000',
      'PostgreSQL',
      'both, × the smallest',
      'p50 ms',
      'p99 ms',
    ];
    return `## ${OPERATIONS[operation].title}\n\n${table(head, rows)}`;
  });
  const memory = options.sizes.map((size) => {
    const startMs = median(starts.filter((start) => start.size === size).map((start) => start.startMs));
    const bytes = median(
      runs.filter((run) => run.size === size && run.instances === 1).map((run) => run.memory),
    );
    return [String(size), figure(startMs), figure(bytes / MIB)];
  });
  const instances = SHARED.filter((operation) => options.operations.includes(operation)).map((operation) => {
    const [one, two] = [of(largest, 1, operation), of(largest, 2, operation)];
    return [
      operation,
      figure(one.rps),
      figure(two.rps),
      figure(two.rps / one.rps),
      figure(one.cpu),
      figure(two.cpu),
    ];
  });
  return [
    '# Growth',
    'Written by `npm run bench:growth`; [NOTES.md](NOTES.md) says how to read it.',
    `${circumstances(bench, 'The gateway alone, each device with two changes and a key behind it')} ${disturbance(runs)}`,
    ...sections,
    '## Start and memory',
    table(['devices', 'ms to ready', 'resident MiB'], memory),
    `## Two instances on one PostgreSQL, ${largest} devices`,
    table(['', 'rps of one', 'rps of two', '×', 'CPU s / 1,000 of one', 'of two'], instances),
    '',
  ].join('\n\n');
}
