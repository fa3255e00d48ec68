// The gateway beside other ways to build it: CPU, throughput, latency, statements and memory for each operation.
//   npm run bench -- [--devices 50000] [--seconds 10] [--rounds 3] [--connections 32] [--operations Q,M] [--only NAME] [--node PATH] [--profile]
// --node measures ours on another Node too, beside itself on this one.
// Results go to bench/RESULTS.md unless a run is too short to mean anything. bench/NOTES.md says how to read them.
import { writeFile } from 'node:fs/promises';
import { collectAnswers, compareAnswers, raceUpdates } from './lib/agreement.mjs';
import { CONTENDERS, OURS, oursOn } from './lib/contenders.mjs';
import { fillContenderTables } from './lib/database.mjs';
import { availableOperations, measure, operationsOf } from './lib/measure.mjs';
import { OPERATIONS } from './lib/operations.mjs';
import { isTrustworthy, readOptions } from './lib/options.mjs';
import { profile } from './lib/profile.mjs';
import { resultsText } from './lib/report.mjs';
import { say, withBench } from './lib/session.mjs';
import { countStatements } from './lib/count-statements.mjs';

const options = readOptions({
  devices: 50_000,
  seconds: 10,
  rounds: 3,
  connections: 32,
  operations: Object.keys(OPERATIONS).filter((name) => OPERATIONS[name].beside === undefined),
});

const contenders = [
  ...CONTENDERS.filter(({ name }) => options.only === undefined || name === options.only),
  ...(options.node === undefined ? [] : [oursOn(options.node)]),
];
if (options.only !== undefined && !contenders.some(({ name }) => name === options.only))
  throw new Error(`--only takes one of ${CONTENDERS.map(({ name }) => `"${name}"`).join(', ')}.`);

await withBench(options, async (bench) => {
  say(`generating ${options.devices} devices`);
  await bench.generate(options.devices);
  if (options.profile) return await profile(bench);
  const facts = await check(bench, contenders);
  const wanted = await wantedOperations(bench);
  for (const contender of contenders) {
    say(`${contender.name}: counting statements`);
    facts[contender.name].statements = await countStatements(bench, contender, wanted);
  }
  const runs = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    await bench.database.sql.query('VACUUM ANALYZE');
    await bench.database.sql.query('CHECKPOINT');
    for (const contender of contenders) runs.push(...(await measureAll(bench, contender, wanted, round)));
  }
  const text = resultsText({ bench, contenders, operations: wanted, facts, runs });
  process.stdout.write(`\n${text}`);
  if (isTrustworthy(options)) await writeFile(new URL('RESULTS.md', import.meta.url), text);
  else say('Too short to mean anything: bench/RESULTS.md stays as it is.');
});

/** @returns by name, what updates at once do to a device */
async function check(bench, contenders) {
  const facts = {};
  const answers = {};
  for (const contender of contenders) {
    say(`${contender.name}: checking`);
    // Each finds the devices as they were generated; the gateway, whose tables they are copied from, comes last.
    if (contender.kind !== OURS.kind) await fillContenderTables(bench.database);
    const server = await bench.start(contender);
    // On another Node the gateway finds what it has changed on this one.
    if (contender.kind !== OURS.kind || contender === OURS)
      answers[contender.name] = await collectAnswers(server, contender.kind, bench);
    facts[contender.name] = { race: await raceUpdates(server, contender.kind, bench) };
    await server.stop();
  }
  compareAnswers(answers);
  return facts;
}

/** The operations that were asked for and that the gateway has. */
async function wantedOperations(bench) {
  const server = await bench.start(OURS);
  const available = await availableOperations(server.url, options.operations);
  await server.stop();
  for (const name of options.operations.filter((patched) => !available.includes(patched))) {
    say(`${name} is left out: the gateway's schema has no ${OPERATIONS[name].needs.field}.`);
  }
  return available;
}

async function measureAll(bench, contender, operations, round) {
  const runs = [];
  const server = await bench.start(contender);
  for (const operation of operationsOf(contender.kind, operations)) {
    const run = await measure(bench, [server], contender.kind, operation);
    say(
      `round ${round}, ${contender.name}, ${operation}: ${Math.round(run.rps)} rps, ${run.cpu.toFixed(2)} ms of CPU`,
    );
    if (run.isDisturbed) say(`  WARNING: other processes used ${run.others.toFixed(2)} cores meanwhile.`);
    if (run.failed > 0)
      say(`  WARNING: ${run.failed} requests failed, the first one so: ${run.firstFailure}`);
    runs.push({ contender: contender.name, operation, ...run });
  }
  await server.stop();
  return runs;
}
