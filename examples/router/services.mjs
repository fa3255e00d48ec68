// dnsmasq and hostapd: has them test the files of an order, puts these in place, and restarts what they change.
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from './configuration.mjs';

/** Maximum time for a program to test a file, to start or to end. */
const TIMEOUT_MS = 3_000;

/** Runs a program to its end. @returns its exit code and what it said */
export async function run(command, ...args) {
  return await new Promise((resolve, reject) => {
    execFile(command, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error === null || typeof error.code === 'number')
        resolve({ code: error?.code ?? 0, said: `${stdout}${stderr}`.trim() });
      else reject(error);
    });
  });
}

/**
 * The services of a router.
 * @param folder of all their files
 * @param netns what runs a command in the network of the LAN
 */
export function createServices(folder, lanInterface, netns) {
  const path = (name) => join(folder, name);
  const read = async (name) => await readFile(path(name), 'utf8').catch(ifMissing(undefined));

  /** Writes a file that no other account can read: the whole of it, or nothing. */
  async function write(name, text) {
    await writeFile(path(`${name}.new`), text, { mode: 0o600, flush: true });
    await rename(path(`${name}.new`), path(name));
  }

  const dnsmasq = (conf, ...more) => [
    ...[...netns, 'dnsmasq', `--conf-file=${path(conf)}`, `--interface=${lanInterface}`, '--bind-interfaces'],
    ...['--except-interface=lo', '--port=0', '--dhcp-authoritative', `--dhcp-leasefile=${path('leases')}`],
    ...[`--pid-file=${path('dnsmasq.pid')}`, ...more],
  ];
  const hostapd = (pidFile, names) => [...netns, 'hostapd', '-B', '-P', path(pidFile), ...names.map(path)];

  async function testDnsmasq(text) {
    await write('dnsmasq.test', text);
    const { code, said } = await run(...dnsmasq('dnsmasq.test', '--test'));
    if (code === 0) return;
    // Other codes say that it lacks something, not that it dislikes a line.
    if (code !== 1) throw new Error(`dnsmasq cannot test its file: ${said}`);
    const [, why = said, line] = /^dnsmasq: (.*?)(?: at line (\d+) of .*)?$/.exec(said) ?? [];
    throw new Refusal(`dnsmasq refuses the settings: ${why} (${text.split('\n')[line - 1] ?? 'no line'}).`);
  }

  /** hostapd has no option for it; without a radio it reads its files and starts all the same. */
  async function testHostapd(files) {
    const names = Object.keys(files).filter(isHostapds);
    for (const name of names) await write(`${name}.test`, files[name].replace(/^driver=.*$/m, 'driver=none'));
    if (names.length === 0) return;
    const command = hostapd(
      'test.pid',
      names.map((name) => `${name}.test`),
    );
    await start('test.pid', command).catch(() => {
      // What it says of a line may hold a password.
      throw new Refusal('hostapd refuses the WiFi settings.');
    });
    await stop('test.pid');
  }

  /** The process that a file names, unless it is another one by now. */
  async function processOf(pidFile) {
    const pid = Number((await read(pidFile)) ?? 0);
    const command = pid > 0 ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(ifMissing('')) : '';
    return command.includes(path(pidFile)) ? pid : undefined;
  }

  async function start(pidFile, [command, ...args]) {
    const { code, said } = await run(command, ...args);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${said}`);
    await until(async () => (await processOf(pidFile)) !== undefined);
  }

  async function stop(pidFile) {
    const pid = await processOf(pidFile);
    if (pid !== undefined) process.kill(pid);
    await until(async () => (await processOf(pidFile)) === undefined);
    await rm(path(pidFile), { force: true });
  }

  async function restartDnsmasq() {
    await stop('dnsmasq.pid');
    await start('dnsmasq.pid', dnsmasq('dnsmasq.conf'));
  }

  async function restartHostapd() {
    await stop('hostapd.pid');
    const names = (await readdir(folder)).filter(isHostapds);
    if (names.length > 0) await start('hostapd.pid', hostapd('hostapd.pid', names));
  }

  /** Removes what an order that was broken off has left. */
  async function tidy() {
    const left = (await readdir(folder)).filter((name) => /\.(new|test)$/.test(name));
    for (const name of left) await rm(path(name));
  }

  /** Starts both with the files in place: of the last order, answered or not, or of the factory. */
  async function startAll(factoryText) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await tidy();
    if ((await read('dnsmasq.conf')) === undefined) await write('dnsmasq.conf', factoryText);
    await restartDnsmasq();
    await restartHostapd();
  }

  /** Puts files in place. @throws Refusal when they are refused; then nothing has changed */
  async function install(files, order) {
    try {
      await testDnsmasq(files['dnsmasq.conf']);
      await testHostapd(files);
      const names = new Set([...Object.keys(files), ...(await readdir(folder)).filter(isHostapds)]);
      const changed = [];
      for (const name of names) if ((await read(name)) !== files[name]) changed.push(name);
      for (const name of changed) await (name in files ? write(name, files[name]) : rm(path(name)));
      await write('order.json', JSON.stringify(order));
      // Who does not change, and runs, is not disturbed.
      if (changed.includes('dnsmasq.conf') || !(await processOf('dnsmasq.pid'))) await restartDnsmasq();
      if (changed.some(isHostapds) || !(await processOf('hostapd.pid'))) await restartHostapd();
    } finally {
      await tidy();
    }
  }

  /** The device and the version of the files in place; nothing of a router without an order. */
  const lastOrder = async () => JSON.parse((await read('order.json')) ?? '{}');

  return { startAll, install, lastOrder };
}

const isHostapds = (name) => /^hostapd-\dg\.conf$/.test(name);

function ifMissing(value) {
  return (error) => {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error;
    return value;
  };
}

async function until(isSo) {
  for (const deadline = Date.now() + TIMEOUT_MS; !(await isSo()); await delay(10))
    if (Date.now() > deadline) throw new Error('A service did not start or end in time.');
}
