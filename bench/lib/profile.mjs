// Where the gateway's CPU goes: one start with V8's profiler for each operation.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OURS } from './contenders.mjs';
import { availableOperations, measure } from './measure.mjs';
import { figure, table } from './report.mjs';
import { say } from './session.mjs';

const TOP = 30;
const IDLE = new Set(['(idle)', '(root)']);

/** Prints the functions that take most time themselves, and the packages, for each operation. */
export async function profile(bench) {
  let names;
  for (const operation of bench.options.operations) {
    const folder = await mkdtemp(join(tmpdir(), 'device-gateway-profile-'));
    try {
      const server = await bench.start(OURS, { nodeArgs: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
      names ??= await availableOperations(server.url, bench.options.operations);
      if (!names.includes(operation)) continue;
      say(`profiling ${operation}`);
      const { window } = await measure(bench, [server], OURS.kind, operation);
      await server.stop();
      const [file] = await readdir(folder);
      const text = await readFile(join(folder, file), 'utf8');
      process.stdout.write(profileText(operation, JSON.parse(text), window));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Of the measured run only: start and warm-up are left out. Profiles count the same microseconds as `process.hrtime`. */
function profileText(operation, { nodes, samples, timeDeltas, startTime }, window) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const byFunction = new Map();
  const byPackage = new Map();
  const [from, to] = [Number(window.from / 1_000n), Number(window.to / 1_000n)];
  let now = startTime;
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id);
    const micros = timeDeltas[index];
    now += micros;
    if (now < from || now > to || IDLE.has(functionName)) continue;
    const place = placeOf(url);
    busy += micros;
    add(
      byFunction,
      `${functionName || '(anonymous)'} ${place}${place === '' ? '' : `:${lineNumber + 1}`}`,
      micros,
    );
    add(byPackage, packageOf(place, functionName), micros);
  }
  const share = ([name, micros]) => [name, `${figure((100 * micros) / busy)} %`];
  const top = (map) =>
    [...map]
      .sort(([, one], [, other]) => other - one)
      .slice(0, TOP)
      .map(share);
  return `\n## ${operation}: self time\n\n${table(['function', 'share'], top(byFunction))}\n\n${table(['package', 'share'], top(byPackage))}\n`;
}

function add(map, key, micros) {
  map.set(key, (map.get(key) ?? 0) + micros);
}

/** A file without the folder of the project. */
function placeOf(url) {
  return url.replace(/^file:\/\//, '').replace(/^.*?\/(node_modules|dist)\//, '$1/');
}

function packageOf(place, functionName) {
  if (place === '') return functionName.startsWith('(') ? functionName : '(native)';
  const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place) ?? [];
  return name ?? place.split('/').slice(0, 2).join('/');
}
