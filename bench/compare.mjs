// What a change costs: this build and another one take turns on one database, in pairs.
//   npm run bench:compare -- --base COMMIT [--operations Q,M,page,batch] [--pairs 60] [--seconds 1] [--devices 10000]
//   npm run bench:compare -- --operations M-key   # M with an idempotency key, and M without on the same server: needs no base
// Prints for each operation the median of the ratios this : base with its 95 % interval, for the CPU of process and
// PostgreSQL together, for the process alone and for the time of half of the requests. Below 1 this build is cheaper.
import { medianInterval } from './lib/median-interval.mjs';
import { buildCommit } from './lib/build-commit.mjs';
import { OURS } from './lib/contenders.mjs';
import { measure } from './lib/measure.mjs';
import { OPERATIONS } from './lib/operations.mjs';
import { readOptions } from './lib/options.mjs';
import { say, withBench } from './lib/session.mjs';

const options = readOptions({
  base: '',
  // Many short runs: what else the machine does changes within seconds, and falls on both sides of a pair alike.
  pairs: 60,
  seconds: 1,
  devices: 10_000,
  connections: 32,
  operations: Object.keys(OPERATIONS),
});
const isBesideBase = (operation) => OPERATIONS[operation].beside === undefined;

/** Before the pairs, for each server. */
const WARM_UP_SECONDS = 8;
/** Before each run: the server has just been let go on. */
const AFTER_STOP_SECONDS = 0.2;

/** What is compared of two runs. */
const FIGURES = {
  PostgreSQL: ({ databaseCpu }) => databaseCpu ?? 1,
  'process + PostgreSQL': ({ cpu, databaseCpu }) => cpu + (databaseCpu ?? 0),
  process: ({ cpu }) => cpu,
  p50: ({ p50 }) => p50,
};

await withBench(options, async (bench) => {
  const main = options.operations.some(isBesideBase) ? await buildCommit(options.base) : undefined;
  await bench.generate(options.devices);
  await bench.database.sql.query('VACUUM ANALYZE');
  const servers = { this: await bench.start(OURS), base: main && (await bench.start(OURS, { main })) };
  for (const operation of options.operations) {
    const { beside = operation } = OPERATIONS[operation];
    const sides = {
      this: { server: servers.this, operation },
      base: { server: isBesideBase(operation) ? servers.base : servers.this, operation: beside },
    };
    const pairs = [];
    // The first pair only warms both up.
    for (let pair = 0; pair <= options.pairs; pair += 1) {
      const runs = {};
      for (const name of pair % 2 === 0 ? ['this', 'base'] : ['base', 'this']) {
        const { server, operation: measured } = sides[name];
        const idle = Object.values(servers).filter((one) => one !== undefined && one !== server);
        // Its worker would take up jobs of the other one.
        for (const { pid } of idle) process.kill(pid, 'SIGSTOP');
        runs[name] = await measure(
          bench,
          [server],
          OURS.kind,
          measured,
          pair === 0 ? WARM_UP_SECONDS : AFTER_STOP_SECONDS,
        );
        for (const { pid } of idle) process.kill(pid, 'SIGCONT');
        const { failed, firstFailure } = runs[name];
        if (failed > 0)
          throw new Error(`${operation}, ${name}: ${failed} failed, the first with ${firstFailure}`);
        if (runs[name].isDisturbed)
          say(`  WARNING: other processes used ${runs[name].others.toFixed(2)} cores.`);
      }
      if (pair > 0) pairs.push(runs);
    }
    for (const [figure, of] of Object.entries(FIGURES)) {
      const { median, low, high } = medianInterval(pairs.map((runs) => of(runs.this) / of(runs.base)));
      const interval = `${low.toFixed(3)} to ${high.toFixed(3)}`;
      process.stdout.write(
        `${operation}, ${figure}: ${median.toFixed(3)} (${interval}, ${pairs.length} pairs)\n`,
      );
    }
  }
});
