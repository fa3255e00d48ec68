import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { freePort, type Lab, startLab } from './lab.js';
import { isRoot, readByHostapd } from './parts.js';

const SECRET = 'southbound secret';
const DEVICE = '12345678901234567890abcd';
const CLIENT = '02:00:00:00:00:63';
const DHCP = {
  enable: true,
  ipPoolStart: '192.168.0.100',
  ipPoolEnd: '192.168.0.110',
  leaseTime: 10,
  primaryDnsServer: '9.9.9.9',
};
const WIFI = {
  enabled: true,
  ssid: 'Café "Møller" \\ $(reboot) 東',
  password: `it's "|id=x" \\ #; `,
  enabled6G: true,
  ssid6G: "'; no-such=1",
  password6G: '12345678|pk=',
};

const ADDRESS = /^client: address (\S+)\/24, DNS server (\S+), lease of (\d+) seconds/;

let gateway: TestGateway;
let lab: Lab;
let token: string;
let routerUrl: string;
/** Network interfaces from before. */
let before: string;

/** What is there of a lab: namespaces, processes, its folder. */
async function partsOf({ pid, folder }: Lab): Promise<readonly string[]> {
  const namespaces = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }).split('\n');
  return [
    ...namespaces.filter((name) => name.includes(`gateway-lab-${pid}-`)),
    ...(await processesOf(`gateway-lab-${pid}-`)),
    ...(await processesOf(folder)),
    ...(existsSync(folder) ? [folder] : []),
  ];
}

const interfaces = (): string =>
  execFileSync('ip', ['-br', 'link'], { encoding: 'utf8' }).replaceAll(/ .*/g, '');

const device = z.object({
  state: z.string(),
  version: z.int(),
  status: z
    .object({
      ...{
        provisioned: z.boolean().nullable(),
        online: z.boolean().nullable(),
        lastComm: z.string().nullable(),
      },
      ...{ lanIp: z.string().nullable(), subnetMask: z.string().nullable(), upTime: z.int().nullable() },
    })
    .nullable(),
  provisioningJobs: z.array(z.object({ state: z.string(), attempts: z.int(), error: z.string().nullable() })),
});

async function readDevice(): Promise<z.infer<typeof device> | null> {
  const { data } = await gateway.query(
    `{ networkDevice(id: "${DEVICE}") { state version status { provisioned online lastComm lanIp subnetMask upTime }
      provisioningJobs(first: 1) { state attempts error } } }`,
    { token },
  );
  return z.object({ networkDevice: device.nullable() }).parse(data).networkDevice;
}

async function update(input: unknown): Promise<void> {
  const { errors } = await gateway.query(
    `mutation ($input: DeviceUpdateInput!) { updateNetworkDevice(id: "${DEVICE}", input: $input) { id } }`,
    { token, variables: { input } },
  );
  expect(errors).toEqual([]);
}

/** The mutation that the README of the example has for newcomers, byte for byte. */
async function sendMutationOfReadme(): Promise<void> {
  const readme = await readFile(new URL('../../../examples/router/README.md', import.meta.url), 'utf8');
  const [, body] = /-d '(\{.*?\})'/s.exec(readme) ?? [];
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(gateway.url, { method: 'POST', headers, body: z.string().parse(body) });
  expect(await response.json()).toMatchObject({ data: { updateNetworkDevice: { jobs: 1 } } });
}

/** Sends a mutation, and waits for the client's next lease. @returns its address, DNS server and seconds */
async function leaseAfter(send: () => Promise<void>): Promise<readonly string[]> {
  const sentAt = performance.now();
  await send();
  await lab.next(/^applied version/);
  const [, ...lease] = await lab.next(ADDRESS);
  console.log(`mutation to lease of ${lease[0] ?? ''}: ${Math.round(performance.now() - sentAt)} ms`);
  return lease;
}

/** Waits for the end of the device's newest job. @returns it */
async function jobEnded(): Promise<unknown> {
  const ended = async (): Promise<unknown> => (await readDevice())?.provisioningJobs[0]?.state;
  await expect.poll(ended).toMatch(/APPLIED|FAILED/);
  return await readDevice();
}

/** Where the gateway knows the LAN, it refuses itself what does not fit into it. */
async function forgetLan(): Promise<void> {
  const report = `{ device: "${DEVICE}", lanIp: null, subnetMask: null }`;
  const { errors } = await gateway.query(`mutation { reportDeviceStatus(reports: [${report}]) { id } }`, {
    token: await statusToken(),
  });
  expect(errors).toEqual([]);
}

/** The files that tell the services what to do, and whatever is there that should not be. */
async function allFiles(): Promise<Record<string, string>> {
  const names = (await readdir(lab.folder)).filter((name) => !/\.pid$|^leases$/.test(name)).sort();
  const texts = names.map(async (name) => [name, await fileOf(name)] as const);
  return Object.fromEntries(await Promise.all(texts));
}

async function servicePids(): Promise<readonly string[]> {
  return await Promise.all(['dnsmasq.pid', 'hostapd.pid'].map(fileOf));
}

/** Lets the client renew its lease, as it does by itself when half of it is over. */
function renew(): void {
  const pids = execFileSync('ip', ['netns', 'pids', `gateway-lab-${lab.pid}-client`], { encoding: 'utf8' });
  process.kill(z.coerce.number().int().positive().parse(pids.trim()), 'SIGUSR1');
}

/** The processes in whose command a text stands. */
async function processesOf(text: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(commands)).filter((command) => command.includes(text));
}

interface Forgery {
  readonly secret?: string;
  readonly signature?: string;
  readonly ageSeconds?: number;
  readonly sentBody?: string;
}

/** Sends an order as the gateway does, but for what a forger may have. @returns the status of the answer */
async function post(order: unknown, forgery: Forgery = {}): Promise<number> {
  const body = JSON.stringify(order);
  const timestamp = String(Math.floor(Date.now() / 1_000) - (forgery.ageSeconds ?? 0));
  const hmac = createHmac('sha256', forgery.secret ?? SECRET).update(`${timestamp}.${body}`);
  const signature = forgery.signature ?? `sha256=${hmac.digest('hex')}`;
  const headers = { 'x-timestamp': timestamp, 'x-signature': signature };
  return (await fetch(routerUrl, { method: 'POST', headers, body: forgery.sentBody ?? body })).status;
}

const fileOf = async (name: string): Promise<string> => await readFile(join(lab.folder, name), 'utf8');

beforeAll(async () => {
  if (!isRoot) return;
  before = interfaces();
  const port = await freePort();
  routerUrl = `http://127.0.0.1:${port}/`;
  gateway = await startTestGateway({
    PROVISIONING_URL: routerUrl,
    PROVISIONING_REMOVAL_URL: routerUrl,
    PROVISIONING_SECRET: SECRET,
    PROVISIONING_RETRY_MS: '300',
  });
  const { customer } = await createDevice(gateway, {
    ...{ id: DEVICE, macAddress: '123456789012', wifi: null, dhcp: null, status: null },
  });
  token = await gateway.token('MANAGER', customer);
  lab = await startLab({
    PORT: port,
    PROVISIONING_SECRET: SECRET,
    GATEWAY_URL: gateway.url,
    GATEWAY_TOKEN: await statusToken(),
    STATUS_SECONDS: '3600',
  });
});
afterAll(async () => {
  if (!isRoot) return;
  await lab.end('SIGTERM');
  await gateway.stop();
});

async function statusToken(): Promise<string> {
  const { issuer } = gateway.app;
  if (issuer === undefined) throw new Error('This gateway has no local issuer.');
  return await issuer.issue({ subject: 'router', scope: 'status:report' }, '5m');
}

if (!isRoot) console.warn('No real router is tested: network namespaces need root.');

// One after the other: each finds the router as the one before has left it.
describe.skipIf(!isRoot)('a mutation reaches a client behind a real router (skipped without root)', () => {
  it('before the first order the client has an address of the factory settings', async () => {
    const [, address] = await lab.next(ADDRESS);
    expect(address).toMatch(/^192\.168\.0\.[5-9]\d$/);
    await expect
      .poll(async () => (await readDevice())?.status)
      .toMatchObject({ online: true, lanIp: '192.168.0.1', subnetMask: '255.255.255.0' });
    expect((await readDevice())?.status?.upTime).toBeGreaterThan(0);
  });

  it('pool, lease time and DNS server are the settings', async () => {
    const [address, dns, seconds] = await leaseAfter(
      async () => await update({ dhcp: { ...DHCP, reservedClients: [] } }),
    );
    expect(address).toMatch(/^192\.168\.0\.1(0\d|10)$/);
    expect([dns, seconds]).toEqual(['9.9.9.9', '600']);
    expect(await jobEnded()).toMatchObject({ state: 'ACTIVE', status: { provisioned: true } });
  });

  it('a reservation is the next lease, and without it the lease is of the pool again', async () => {
    expect(await leaseAfter(async () => await sendMutationOfReadme())).toEqual([
      '192.168.0.20',
      '9.9.9.9',
      '600',
    ]);
    const [address] = await leaseAfter(
      async () => await update({ dhcp: { removeReservedClients: [CLIENT], leaseTime: 20 } }),
    );
    expect(address).toMatch(/^192\.168\.0\.1(0\d|10)$/);
  });

  it('what dnsmasq refuses fails with its reason, what it would bend with ours, and old leases go on', async () => {
    const beforeReport = new Date().toISOString();
    const [address] = await leaseAfter(async () => await update({ dhcp: { leaseTime: 10 } }));
    const files = await allFiles();
    await expect.poll(async () => String((await readDevice())?.status?.lastComm) > beforeReport).toBe(true);
    await forgetLan();
    const refused = async (dhcp: unknown): Promise<unknown> => {
      await update({ dhcp });
      return await jobEnded();
    };
    expect(await refused({ ipPoolEnd: '192.168.1.110' })).toMatchObject({
      state: 'ACTIVE',
      status: { provisioned: false },
      provisioningJobs: [
        {
          ...{ state: 'FAILED', attempts: 1 },
          error:
            'dnsmasq refuses the settings: inconsistent DHCP range (dhcp-range=192.168.0.100,192.168.1.110,255.255.255.0,10m).',
        },
      ],
    });
    expect(await refused({ ipPoolEnd: '192.168.0.110', leaseTime: 1 })).toMatchObject({
      status: { provisioned: false },
      provisioningJobs: [
        { state: 'FAILED', error: 'dhcp.leaseTime: this router leases addresses for 2 minutes or longer.' },
      ],
    });
    expect(await allFiles()).toEqual(files);
    renew();
    expect(await lab.next(ADDRESS)).toContain(address);
    await leaseAfter(async () => await update({ dhcp: { leaseTime: 10 } }));
  });

  it.each(['test', 'start'] as const)(
    'a router program killed in the middle of an order (%s) gets it again, and the files are whole',
    async (moment) => {
      const ip = moment === 'test' ? '192.168.0.21' : '192.168.0.22';
      const old = await open(join(lab.folder, 'dnsmasq.conf'));
      const oldText = await fileOf('dnsmasq.conf');
      await lab.killRouterAt(
        moment,
        async () => await update({ dhcp: { putReservedClients: [{ mac: CLIENT, ip }] } }),
      );
      expect(await jobEnded()).toMatchObject({ provisioningJobs: [{ state: 'APPLIED' }] });
      expect((await readDevice())?.provisioningJobs[0]?.attempts).toBeGreaterThan(1);
      expect(await lab.next(ADDRESS)).toContain(ip);
      expect(await fileOf('dnsmasq.conf')).toBe(
        `dhcp-range=192.168.0.100,192.168.0.110,255.255.255.0,10m\ndhcp-option=option:dns-server,9.9.9.9\ndhcp-host=${CLIENT},${ip}\n`,
      );
      expect(Object.keys(await allFiles())).toEqual(['dnsmasq.conf', 'order.json']);
      // Whoever reads the old file reads the whole of it: the new one took its place, and was not written over it.
      expect(await old.readFile('utf8')).toBe(oldText);
      await old.close();
    },
  );

  it('WiFi is read by hostapd as it was set, and the files are for the router alone', async () => {
    await update({ wifi: WIFI });
    await lab.next(ADDRESS);
    expect(await jobEnded()).toMatchObject({ provisioningJobs: [{ state: 'APPLIED' }] });
    const [pid] = (await fileOf('hostapd.pid')).split('\n');
    expect(await readFile(`/proc/${pid ?? ''}/comm`, 'utf8')).toBe('hostapd\n');
    for (const [name, ssid, passphrase] of [
      ['hostapd-2g.conf', WIFI.ssid, WIFI.password],
      ['hostapd-6g.conf', WIFI.ssid6G, WIFI.password6G],
    ] as const) {
      expect(await readByHostapd(join(lab.folder, name))).toMatchObject({ ssid, passphrase });
      expect((await stat(join(lab.folder, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(lab.folder)).mode & 0o777).toBe(0o700);
  });

  it('without DHCP there is no lease', async () => {
    await update({ dhcp: null });
    await lab.next(/^client: no address/);
  });

  it('requests that are not signed, old, late or for others change nothing; the same order does no harm', async () => {
    await update({ dhcp: { ...DHCP, reservedClients: [] } });
    await lab.next(ADDRESS);
    await jobEnded();
    const [files, processes] = [await allFiles(), await servicePids()];
    const version = (await readDevice())?.version ?? 0;
    const order = { deviceId: DEVICE, macAddress: '123456789012', version, wifi: null, dhcp: null };
    expect(await post(order, { secret: 'another' })).toBe(401);
    expect(await post(order, { signature: '' })).toBe(401);
    expect(await post(order, { signature: 'sha256=00' })).toBe(401);
    expect(await post(order, { ageSeconds: 301 })).toBe(401);
    expect(await post(order, { ageSeconds: -301 })).toBe(401);
    expect(await post(order, { sentBody: `${JSON.stringify(order)} ` })).toBe(401);
    expect(await post({ ...order, version: version - 1 })).toBe(409);
    expect(await post({ ...order, deviceId: '1'.repeat(24) })).toBe(422);
    expect(await post({ ...order, macAddress: '020000000001' })).toBe(422);
    expect(await post({ ...order, macAddress: '020000000001', kind: 'REMOVAL' })).toBe(404);
    const again = { ...order, wifi: WIFI, dhcp: { ...DHCP, reservedClients: [] } };
    for (const ageSeconds of [0, 290]) {
      expect(await post(again, { ageSeconds })).toBe(200);
      await lab.next(ADDRESS);
    }
    expect([await allFiles(), await servicePids()]).toEqual([files, processes]);
  });

  it('a removal brings the factory settings back, and forgets the secrets', async () => {
    const { errors } = await gateway.query(`mutation { deleteNetworkDevice(id: "${DEVICE}") { id } }`, {
      token,
    });
    expect(errors).toEqual([]);
    await lab.next(/^removed/);
    const [, address] = await lab.next(ADDRESS);
    expect(address).toMatch(/^192\.168\.0\.[5-9]\d$/);
    await expect.poll(readDevice).toBeNull();
    expect(Object.keys(await allFiles())).toEqual(['dnsmasq.conf', 'order.json']);
    expect(JSON.stringify(await allFiles())).not.toMatch(/12345678\|pk|it's/);
  });

  it('nothing is left: no namespace, interface, process or file, not even of a lab that was killed', async () => {
    expect(await partsOf(lab)).not.toEqual([]);
    expect(await lab.end('SIGTERM')).toMatchObject({ code: 0 });
    expect(await partsOf(lab)).toEqual([]);
    const env = { PORT: '0', PROVISIONING_SECRET: SECRET };
    const killed = await startLab(env);
    await killed.next(/^client/);
    await killed.end('SIGKILL');
    const next = await startLab(env);
    expect(await partsOf(killed)).toEqual([]);
    await next.end('SIGINT');
    expect(await partsOf(next)).toEqual([]);
    expect(interfaces()).toBe(before);
  });
});
