import { cpuSeconds, readUsage, residentBytes } from './cpu.mjs';
import { drainJobs } from './database.mjs';
import { OPERATIONS, requestFor } from './operations.mjs';

/** More CPU of others than this, in cores, and a run is not to be trusted. */
const OTHERS_LIMIT = 0.4;

/** Names of the operations that a kind of server can be asked for. */
export function operationsOf(kind, names) {
  return names.filter((name) => requestFor(OPERATIONS[name], kind) !== undefined);
}

/** Names of the operations whose fields the schema of a running gateway has. */
export async function availableOperations(url, names) {
  const query = '{ __schema { mutationType { fields { name } } subscriptionType { fields { name } } } }';
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { data } = await answer.json();
  return names.filter((name) => {
    const { needs } = OPERATIONS[name];
    return (
      needs === undefined || data.__schema[needs.root]?.fields.some((field) => field.name === needs.field)
    );
  });
}

/** Requests of two runs of one seed are the same: an update would set what is set already, which costs next to nothing. */
let seeds = 0;
const newSeed = () => (seeds += 1) * 1_000_000;

/**
 * Measures one operation on running servers that share the load: a warm-up, then the run. The CPU of an update includes the
 * jobs that it made, to the last one.
 * @param bench the load generator, the database and the options of the run
 * @param warmUpSeconds as long as the run unless told: V8 goes on to optimise for many seconds, and servers run for weeks
 */
export async function measure(
  { load, database, options },
  servers,
  kind,
  operation,
  warmUpSeconds = options.seconds,
) {
  const urls = servers.map(({ url }) => url);
  const job = { urls, kind, operation, devices: options.devices, connections: options.connections };
  if (warmUpSeconds > 0) await load.run({ ...job, seconds: warmUpSeconds, seed: newSeed(), isWarmUp: true });
  const makesJobs = kind === 'ours' && OPERATIONS[operation].makesJobs === true;
  if (makesJobs) await drainJobs(database);
  const before = readUsage();
  const cpuBefore = cpuOf(servers);
  const from = process.hrtime.bigint();
  const result = await load.run({ ...job, seconds: options.seconds, seed: newSeed() });
  if (makesJobs) await drainJobs(database);
  const to = process.hrtime.bigint();
  const elapsed = Number(to - from) / 1e9;
  const after = readUsage();
  const others = (after.machine - before.machine - (after.bench - before.bench)) / elapsed;
  return {
    failed: result.failed ?? 0,
    firstFailure: result.firstFailure,
    rps: result.count / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpu: ((cpuOf(servers) - cpuBefore) / result.count) * 1_000,
    databaseCpu: database.isEmbedded
      ? ((after.postgres - before.postgres) / result.count) * 1_000
      : undefined,
    memory: servers.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
    window: { from, to },
    isDisturbed: others > OTHERS_LIMIT,
    others,
  };
}

function cpuOf(servers) {
  return servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0);
}
