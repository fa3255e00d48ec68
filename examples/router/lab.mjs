// The router in a network of its own, with one client: two network namespaces, a pair of virtual interfaces between them, dnsmasq
// and hostapd at one end, udhcpc at the other. It prints what happens, and removes at its end what it has made.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const { PROVISIONING_SECRET, DEVICE_ID = '12345678901234567890abcd' } = process.env;
const { ROUTER_MAC = '12:34:56:78:90:12', CLIENT_MAC = '02:00:00:00:00:63' } = process.env;
const HERE = import.meta.dirname;

const say = (line) => process.stdout.write(`${line}\n`);
const ip = (text) => execFileSync('ip', text.split(' '), { encoding: 'utf8' });

if (process.getuid() !== 0 || PROVISIONING_SECRET === undefined) {
  process.stderr.write('Start it as root, with the PROVISIONING_SECRET of the gateway.\n');
  process.exit(1);
}

const needed = ['ip', 'dnsmasq', 'hostapd', 'udhcpc', 'setpriv'];
const missing = needed.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
if (missing.length > 0) {
  process.stderr.write(`Install ${missing.join(', ')}: README.md names the packages.\n`);
  process.exit(1);
}

/** What belongs to the lab of a process. */
const partsOf = (pid) => ({
  router: `gateway-lab-${pid}-router`,
  client: `gateway-lab-${pid}-client`,
  folder: join(HERE, `.lab-${pid}`),
});

/** Removes the namespaces of a lab with all that is and runs in them, and its folder. */
async function remove({ router, client, folder }) {
  for (const namespace of [router, client].filter((name) => existsSync(`/run/netns/${name}`))) {
    const pids = () => ip(`netns pids ${namespace}`).split('\n').filter(Boolean).map(Number);
    for (; pids().length > 0; await delay(20)) for (const pid of pids()) kill(pid, 'SIGKILL');
    ip(`netns del ${namespace}`);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Sends a signal, 0 to see whether there is such a process. */
function kill(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

// A lab that was killed is removed by the next one.
for (const pid of readdirSync(HERE).map((name) => Number(/^\.lab-(\d+)$/.exec(name)?.[1]))) {
  if (pid > 0 && !kill(pid, 0)) await remove(partsOf(pid));
}

const mine = partsOf(process.pid);
const { router, client, folder } = mine;
const children = new Set();
let isStopping = false;

/** Starts a program that does not outlive this one. @param onLine gets what it prints */
function start(command, env, onLine) {
  const options = { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'], detached: true };
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], options);
  createInterface({ input: child.stdout }).on('line', onLine);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function stop(exitCode) {
  if (isStopping) return;
  isStopping = true;
  for (const child of children) child.kill('SIGKILL');
  while (children.size > 0) await delay(20);
  await remove(mine);
  process.exit(exitCode);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(0));
process.on('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  void stop(1);
});

mkdirSync(folder, { mode: 0o700 });
ip(`netns add ${router}`);
ip(`netns add ${client}`);
ip(
  `-n ${router} link add lan address ${ROUTER_MAC} type veth peer name eth0 address ${CLIENT_MAC} netns ${client}`,
);
ip(`-n ${router} addr add 192.168.0.1/24 dev lan`);
ip(`-n ${router} link set lan up`);
ip(`-n ${client} link set eth0 up`);

let udhcpc;
let appliedAt;
let isReleasing = false;

const routerEnv = { DEVICE_ID, FOLDER: folder, LAN_NETNS: router, LAN_INTERFACE: 'lan', WIFI_DRIVER: 'none' };
function startRouter() {
  const program = start([process.execPath, join(HERE, 'router.mjs')], routerEnv, (line) => {
    say(line);
    if (line.startsWith('router: ')) udhcpc ??= startClient();
    if (/^(applied|removed)/.test(line)) askAgain();
  });
  program.once('exit', (code) => {
    if (isStopping) return;
    if (code !== null) return void stop(1);
    say('lab: the router program was killed, and is started again');
    startRouter();
  });
}

function startClient() {
  const command = ['ip', 'netns', 'exec', client, 'udhcpc', '-f', '-i', 'eth0', '-s', join(HERE, 'lease.sh')];
  return start([...command, '-t', '4', '-T', '1', '-A', '2'], {}, (line) => {
    const isAnswer = /address \d|no address/.test(line);
    say(
      isAnswer && appliedAt !== undefined
        ? `${line} (after ${Math.round(performance.now() - appliedAt)} ms)`
        : line,
    );
    if (isAnswer) appliedAt = undefined;
    if (line.endsWith('asks for an address') && isReleasing) {
      isReleasing = false;
      udhcpc.kill('SIGUSR1');
    }
  });
}

/** Clients ask again when half of their lease is over. This one is unplugged and plugged in: it gives its lease back first. */
function askAgain() {
  appliedAt = performance.now();
  isReleasing = true;
  udhcpc?.kill('SIGUSR2');
}

startRouter();
