// npm run test:image   (Debian, as root; takes a minute)
// Builds the image of Containerfile with Debian's buildah on a base of Debian packages and the Node that runs this, starts it
// against a PostgreSQL, asks it what an orchestrator asks, and stops it. No image registry is asked for anything.
// What this cannot show: the read-only root, dropped capabilities and HEALTHCHECK of a container engine; `chroot` isolation
// has none of them. test/commands/bundle.test.ts starts the same bundle without rights on a read-only mount.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../dist/embedded-postgres/embedded-postgres.js';

const root = fileURLToPath(new URL('..', import.meta.url));
// What Node is linked with, and certificates for https.
const DEBIAN_PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tzdata'];
const folder = mkdtempSync(join(tmpdir(), 'device-gateway-image-'));
const STORE = ['--storage-driver=vfs', `--root=${folder}/store`, `--runroot=${folder}/run`];

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function run(command, args, cwd = root) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** @param {readonly string[]} args */
function buildah(...args) {
  return run('buildah', [...STORE, ...args]);
}

/** A base image: Debian's libraries, and this Node. */
function buildBase() {
  const debs = join(folder, 'debs');
  const rootfs = join(folder, 'rootfs');
  mkdirSync(debs);
  // As root, apt-get would hand over to an account that may not write here.
  run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', ...DEBIAN_PACKAGES], debs);
  for (const deb of readdirSync(debs)) run('dpkg-deb', ['-x', join(debs, deb), rootfs]);
  copyFileSync(process.execPath, join(rootfs, 'usr/bin/node'));
  const container = buildah('from', 'scratch');
  buildah('copy', '--quiet', container, rootfs, '/');
  buildah('commit', '--quiet', '--rm', container, 'device-gateway-base');
}

function buildImage() {
  const context = join(folder, 'context');
  mkdirSync(context);
  process.stdout.write(`${run(process.execPath, ['scripts/bundle.mjs', join(context, 'bundle')])}\n`);
  for (const file of ['Containerfile', '.dockerignore']) copyFileSync(join(root, file), join(context, file));
  const base = ['--build-arg', 'BASE_IMAGE=localhost/device-gateway-base'];
  buildah(
    ...['build', '--quiet', '--format=docker', '--isolation=chroot', '--pull-never', ...base],
    ...['--tag', 'device-gateway', '--file', join(context, 'Containerfile'), context],
  );
  return JSON.parse(buildah('inspect', '--type=image', 'device-gateway')).Docker.config;
}

/** Runs a command in a new container, as the image says. @param {object} config @param {readonly string[]} command @param {Record<string, string>} env */
function runInImage(config, command, env) {
  const container = buildah('from', '--pull-never', 'device-gateway');
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const child = spawn(
    'buildah',
    [
      ...STORE,
      'run',
      '--isolation=chroot',
      `--user=${config.User}`,
      ...variables,
      container,
      '--',
      ...command,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return child;
}

/** The process of the container's command: the last of the chain that buildah starts. @param {number} pid @returns {number} */
function innermost(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.length === 0 ? pid : innermost(Number(children[0]));
}

/** @param {import('node:stream').Readable} output */
async function readyUrl(output) {
  for await (const line of createInterface({ input: output })) {
    const { msg, url } = line.startsWith('{') ? JSON.parse(line) : {};
    if (msg === 'ready') return new URL(url);
  }
  throw new Error('The container ended before it was ready.');
}

const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'data') });
try {
  buildBase();
  const config = buildImage();
  assert.equal(config.User, '10001:10001');
  assert.equal(config.StopSignal, 'SIGTERM');
  assert.equal(config.Healthcheck.Test[0], 'CMD');
  const command = [...config.Entrypoint, ...config.Cmd];
  const env = {
    // An image of production, without what production asks for.
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: postgres.url,
    AUTH_VALIDATE_TOKEN_URL: 'http://127.0.0.1:9/auth/validateToken',
    WIFI_SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
  };
  const refused = runInImage(config, command, { PORT: '0' });
  refused.stderr?.resume();
  assert.deepEqual(await once(refused, 'exit'), [1, null], 'production without settings is refused');
  const gateway = runInImage(config, command, env);
  const url = await readyUrl(gateway.stdout);
  const pid = innermost(gateway.pid);
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Uid:\t10001\t10001\t10001\t10001$/m);
  assert.equal((await fetch(new URL('/health/ready', url))).status, 200);
  const healthcheck = runInImage(config, config.Healthcheck.Test.slice(1), { ...env, PORT: url.port });
  assert.deepEqual(await once(healthcheck, 'exit'), [0, null], 'the health check passes');
  process.kill(pid, config.StopSignal);
  assert.deepEqual(await once(gateway, 'exit'), [0, null], 'a stop ends with exit code 0');
  const size = run('du', ['-sm', join(folder, 'rootfs'), join(folder, 'context/bundle')]);
  process.stdout.write(`image built, started as 10001, healthy, stopped. MB of base and bundle:\n${size}\n`);
} finally {
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
