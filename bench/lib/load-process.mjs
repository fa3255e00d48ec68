// The load generator, a process of its own: it runs one job at a time for the benchmark and answers with what it saw.
import { Pool } from 'undici';
import { runFanOut } from './fan-out.mjs';
import { OPERATIONS, pickDevice, requestFor } from './operations.mjs';
import { randomSource } from './random.mjs';
import { send } from './send.mjs';
import { summary } from './summary.mjs';

/** Number of failures without a success after which the run is given up. */
const HOPELESS = 100;

let tokens;

process.on('message', (message) => {
  if (message.tokens !== undefined) tokens = message.tokens;
  else run(message).then(reply, (error) => reply({ failure: error.stack }));
});
process.on('disconnect', () => process.exit());

function reply(result) {
  process.send(result);
}

/** What one connection does is: ask, wait for the answer, ask again. */
async function run(job) {
  if (job.operation === 'fanOut') return await runFanOut(job, tokens);
  const operation = OPERATIONS[job.operation];
  const toRequest = requestFor(operation, job.kind);
  const connections = job.requests === undefined ? (operation.connections ?? job.connections) : 1;
  const pools = job.urls.map((url) => new Pool(new URL(url).origin, { connections }));
  const random = randomSource(job.seed);
  const latencies = [];
  const failures = [];
  const startedAt = performance.now();
  const isOver = () =>
    latencies.length >= (job.requests ?? Infinity) || performance.now() - startedAt >= job.seconds * 1_000;

  async function ask(place) {
    const { pathname } = new URL(job.urls[place]);
    while (!isOver()) {
      const request = toRequest({ n: pickDevice(random, job.devices), random, devices: job.devices });
      const start = performance.now();
      try {
        await send(pools[place], pathname, request, tokens);
        latencies.push(performance.now() - start);
      } catch (error) {
        failures.push(error.message);
        if (latencies.length === 0 && failures.length >= HOPELESS) throw error;
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, (_, index) => ask(index % pools.length)));
    const result = summary(latencies, performance.now() - startedAt);
    return { ...result, failed: failures.length, firstFailure: failures[0] };
  } finally {
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}
