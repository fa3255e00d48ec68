// A provisioning endpoint of one Linux router: takes the orders of the Device Gateway, has dnsmasq and hostapd do what they
// say, and reports the router's status. README.md says how it is started.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { filesOf, maskOf, Refusal } from './configuration.mjs';
import { createServices, run } from './services.mjs';

const settings = {
  DEVICE_ID: undefined,
  PROVISIONING_SECRET: undefined,
  PORT: '4200',
  FOLDER: '/var/lib/device-gateway-router',
  FACTORY_FILE: join(import.meta.dirname, 'factory.conf'),
  LAN_INTERFACE: 'br-lan',
  LAN_NETNS: '',
  RADIOS: 'wlan0,wlan1,wlan2',
  WIFI_DRIVER: 'nl80211',
  WIFI_COUNTRY: '',
  GATEWAY_URL: 'http://127.0.0.1:4000/graphql',
  GATEWAY_TOKEN: '',
  STATUS_SECONDS: '60',
  ...process.env,
};
const { DEVICE_ID, PROVISIONING_SECRET, LAN_INTERFACE, LAN_NETNS, GATEWAY_URL, GATEWAY_TOKEN } = settings;
if (DEVICE_ID === undefined || PROVISIONING_SECRET === undefined) {
  process.stderr.write('Set DEVICE_ID and PROVISIONING_SECRET.\n');
  process.exit(1);
}
/** Maximum size of an order; one with 256 reservations has 25,000 bytes. */
const MAX_BODY_BYTES = 256_000;
/** Maximum age of a request, and of one from a clock that is ahead. */
const MAX_AGE_SECONDS = 300;

const say = (line) => process.stdout.write(`${line}\n`);
const inNetns = LAN_NETNS === '' ? [] : ['ip', 'netns', 'exec', LAN_NETNS];
const services = createServices(settings.FOLDER, LAN_INTERFACE, inNetns);
const factoryText = await readFile(settings.FACTORY_FILE, 'utf8');
await services.startAll(factoryText);

/** Whether the gateway has signed these bytes, and lately. */
function isGenuine({ 'x-timestamp': timestamp = '', 'x-signature': signature = '' }, body) {
  const hmac = createHmac('sha256', PROVISIONING_SECRET).update(`${timestamp}.`).update(body);
  const [expected, given] = [Buffer.from(`sha256=${hmac.digest('hex')}`), Buffer.from(signature)];
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
  return isSigned && Math.abs(Date.now() / 1_000 - Number(timestamp)) <= MAX_AGE_SECONDS;
}

/** Does what a request orders. What an order has done, the same order does not do again. */
async function obey({ kind, deviceId, macAddress, version, wifi, dhcp }) {
  const isRemoval = kind === 'REMOVAL';
  const lan = await lanOf();
  if (deviceId !== DEVICE_ID || macAddress !== lan.macAddress) {
    const order = `The order is for ${macAddress} of the device ${deviceId}`;
    throw new Refusal(`${order}, this router is ${lan.macAddress} of ${DEVICE_ID}.`, isRemoval ? 404 : 422);
  }
  const last = await services.lastOrder();
  if (last.deviceId === deviceId && version < last.version) {
    throw new Refusal(`Version ${version} comes too late: this router has version ${last.version}.`, 409);
  }
  const { RADIOS, WIFI_DRIVER: wifiDriver, WIFI_COUNTRY: wifiCountry } = settings;
  const router = { lan, radios: RADIOS.split(','), wifiDriver, wifiCountry };
  const files = isRemoval ? { 'dnsmasq.conf': factoryText } : filesOf({ wifi, dhcp }, router);
  await services.install(files, { deviceId, version });
  say(isRemoval ? 'removed: the factory settings are back' : `applied version ${version}`);
  void reportStatus();
}

/** The LAN as it is now. */
async function lanOf() {
  const { said } = await run(
    'ip',
    ...(LAN_NETNS === '' ? [] : ['-n', LAN_NETNS]),
    '-j',
    'addr',
    'show',
    'dev',
    LAN_INTERFACE,
  );
  const [{ address, addr_info: addresses }] = JSON.parse(said);
  const { local: ip, prefixlen: prefix } = addresses.find(({ family }) => family === 'inet');
  return { interface: LAN_INTERFACE, macAddress: address.replaceAll(':', ''), ip, prefix };
}

/** Tells the gateway how the router is. Then it knows the LAN, and refuses itself what does not fit into it. */
async function reportStatus() {
  if (GATEWAY_TOKEN === '') return;
  try {
    const { ip, prefix, macAddress } = await lanOf();
    const lan = { lanIp: ip, subnetMask: maskOf(prefix) };
    const report = { device: DEVICE_ID, macAddress, online: true, upTime: Math.floor(uptime()), ...lan };
    const response = await fetch(GATEWAY_URL, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${GATEWAY_TOKEN}` },
      body: JSON.stringify({ query: REPORT, variables: { reports: [report] } }),
      signal: AbortSignal.timeout(10_000),
    });
    const { errors } = await response.json();
    if (errors !== undefined) say(`status not reported: ${errors[0].message}`);
  } catch (error) {
    say(`status not reported: ${error.message}`);
  }
}

const REPORT = 'mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id } }';

/** One order after the other: each begins when the one before has ended. */
let turn = Promise.resolve();
async function inTurn(work) {
  const ended = turn.then(work);
  turn = ended.catch(() => undefined);
  await ended;
}

async function bodyOf(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (length > MAX_BODY_BYTES) throw new Refusal('This is longer than an order may be.', 413);
  return Buffer.concat(chunks);
}

const server = createServer(async (request, response) => {
  const answer = (status, body = {}) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  try {
    const body = await bodyOf(request);
    // Not 409 or 422: a later attempt succeeds when the secrets and clocks of both are right again.
    if (!isGenuine(request.headers, body)) throw new Refusal('The request is not signed, or old.', 401);
    await inTurn(async () => await obey(JSON.parse(body)));
    answer(200);
  } catch (error) {
    // What is no refusal may pass: 500 is tried again.
    const status = error instanceof Refusal ? error.status : 500;
    say(`answered ${status}: ${error.message}`);
    answer(status, status === 500 ? {} : { error: error.message });
  }
});
server.listen(Number(settings.PORT), '127.0.0.1', () =>
  say(`router: http://127.0.0.1:${server.address().port}/ (process ${process.pid})`),
);
if (GATEWAY_TOKEN === '') say('status not reported: there is no GATEWAY_TOKEN');
setInterval(() => void reportStatus(), Number(settings.STATUS_SECONDS) * 1_000);
void reportStatus();
