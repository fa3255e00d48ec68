import { drainJobs } from './database.mjs';
import { operationsOf } from './measure.mjs';
import { OPERATIONS } from './operations.mjs';
import { startStatementCounter } from './statements.mjs';

const REQUESTS = 40;
const WARM_UP = 5;
const PATIENCE_SECONDS = 60;

/** @returns by operation, the statements of one request to a contender, and of the job that it makes */
export async function countStatements(bench, contender, operations) {
  const names = operationsOf(contender.kind, operations).filter((name) => name !== 'fanOut');
  const counter = await startStatementCounter(bench.database.url);
  try {
    if (contender.kind !== 'ours') return await countIn(bench, contender, names, counter, 1);
    // Requests and jobs are told apart by a run without a worker.
    const alone = await countIn(bench, contender, names, counter, 1, { PROVISIONING_WORKER: 'false' });
    const makers = names.filter((name) => OPERATIONS[name].makesJobs === true);
    const withJobs = await countIn(bench, contender, makers, counter, 2);
    for (const name of makers) alone[name].job = withJobs[name].request - alone[name].request;
    return alone;
  } finally {
    await counter.stop();
  }
}

async function countIn({ load, database, options, start }, contender, names, counter, seed, env = {}) {
  const server = await start(contender, { databaseUrl: counter.url, env });
  const urls = [server.url];
  const counts = {};
  for (const operation of names) {
    const run = async (requests, more) => {
      const job = {
        urls,
        kind: contender.kind,
        operation,
        devices: options.devices,
        seconds: PATIENCE_SECONDS,
      };
      await load.run({ ...job, requests, seed: seed * 10 + more });
      if (env.PROVISIONING_WORKER === undefined) await drainJobs(database);
    };
    await run(WARM_UP, 1);
    const before = counter.count();
    await run(REQUESTS, 2);
    counts[operation] = { request: (counter.count() - before) / REQUESTS };
  }
  await server.stop();
  return counts;
}
