// What dnsmasq and hostapd are told: the files that settings become. Nothing here reads, writes or runs anything.
// Every value is checked, or written in hex digits, before it becomes part of a line: no text can begin another line.
import { isIPv4 } from 'node:net';

/** Why an order is not obeyed, for people; it repeats no password. */
export class Refusal extends Error {
  /** @param status of the answer; after 409 and 422 the gateway does not try again */
  constructor(message, status = 422) {
    super(message);
    this.status = status;
  }
}

/** The shortest lease that dnsmasq gives; a shorter one it would lengthen without a word. */
const MIN_LEASE_MINUTES = 2;

const BANDS = [
  { name: '2g', suffix: '', label: '2.4 GHz', radio: ['hw_mode=g', 'channel=1', 'ieee80211n=1'] },
  { name: '5g', suffix: '5G', label: '5 GHz', radio: ['hw_mode=a', 'channel=36', 'ieee80211ac=1'] },
  {
    name: '6g',
    suffix: '6G',
    label: '6 GHz',
    radio: ['hw_mode=a', 'op_class=131', 'channel=1', 'ieee80211ax=1'],
  },
];

/**
 * The files of an order, by name; a band that is off has none.
 * @param router its own side: `lan` with `ip`, `prefix` and `interface`, `radios` in the order of the bands, `wifiDriver`, `wifiCountry`
 */
export function filesOf({ wifi, dhcp }, router) {
  const bands = BANDS.filter(({ suffix }) => wifi?.[`enabled${suffix}`] === true);
  const hostapd = bands.map((band) => [`hostapd-${band.name}.conf`, hostapdFile(wifi, band, bands, router)]);
  return { 'dnsmasq.conf': dnsmasqFile(dhcp, router.lan), ...Object.fromEntries(hostapd) };
}

function dnsmasqFile(dhcp, lan) {
  if (dhcp?.enable !== true) return '';
  const { ipPoolStart, ipPoolEnd, leaseTime, primaryDnsServer, reservedClients } = dhcp;
  if (!Number.isInteger(leaseTime) || leaseTime < MIN_LEASE_MINUTES) {
    throw new Refusal(
      `dhcp.leaseTime: this router leases addresses for ${MIN_LEASE_MINUTES} minutes or longer.`,
    );
  }
  const start = inLan(ipPoolStart, 'dhcp.ipPoolStart', lan);
  // Whether the pool ends in the network in which it starts, dnsmasq tells itself.
  const end = address(ipPoolEnd, 'dhcp.ipPoolEnd');
  const lines = [`dhcp-range=${start},${end},${maskOf(lan.prefix)},${leaseTime}m`];
  if (primaryDnsServer !== null) {
    lines.push(`dhcp-option=option:dns-server,${address(primaryDnsServer, 'dhcp.primaryDnsServer')}`);
  }
  for (const [index, { mac, ip, enable }] of reservedClients.entries()) {
    const path = `dhcp.reservedClients[${index}]`;
    if (enable) lines.push(`dhcp-host=${macOf(mac, `${path}.mac`)},${inLan(ip, `${path}.ip`, lan)}`);
  }
  return toFile(lines);
}

function address(value, path) {
  if (!isIPv4(value)) throw new Refusal(`${path}: not an IPv4 address.`);
  return value;
}

/** Of addresses of other networks dnsmasq leases none, and does not say so; its own it leases to nobody. */
function inLan(value, path, lan) {
  const mask = numberOf(maskOf(lan.prefix));
  const isInside = (numberOf(address(value, path)) & mask) === (numberOf(lan.ip) & mask);
  if (!isInside)
    throw new Refusal(`${path}: ${value} is not in the LAN of this router, ${lan.ip}/${lan.prefix}.`);
  if (value === lan.ip) throw new Refusal(`${path}: ${value} is the address of this router.`);
  return value;
}

const numberOf = (ip) => Buffer.from(ip.split('.')).readInt32BE();

/** The subnet mask of a prefix's length. */
export function maskOf(prefix) {
  return [24, 16, 8, 0].map((shift) => ((2 ** 32 - 2 ** (32 - prefix)) >>> shift) & 255).join('.');
}

function macOf(value, path) {
  if (!/^[0-9a-f]{12}$/.test(value)) throw new Refusal(`${path}: not a MAC address.`);
  return value.match(/../g).join(':');
}

function hostapdFile(wifi, band, bands, { lan, radios, wifiDriver, wifiCountry }) {
  const ssid = wifi[`ssid${band.suffix}`];
  if (typeof ssid !== 'string' || ssid === '' || Buffer.byteLength(ssid) > 32) {
    throw new Refusal(`wifi.ssid${band.suffix}: not an SSID of 1 to 32 bytes.`);
  }
  const radio = radios[BANDS.indexOf(band)];
  if (!radio) throw new Refusal(`wifi.enabled${band.suffix}: this router has no radio for ${band.label}.`);
  return toFile([
    `interface=${radio}`,
    `bridge=${lan.interface}`,
    `driver=${wifiDriver}`,
    ...(wifiCountry === '' ? [] : [`country_code=${wifiCountry}`, 'ieee80211d=1']),
    // In hex digits an SSID may hold anything: quotes, line ends, letters of any script.
    `ssid2=${Buffer.from(ssid).toString('hex')}`,
    'utf8_ssid=1',
    ...band.radio,
    ...securityOf(wifi[`password${band.suffix}`], band),
    ...(wifi.bandsteering === true ? steeringOf(band, bands, radios) : []),
  ]);
}

function securityOf(password, { suffix, label }) {
  const path = `wifi.password${suffix}`;
  const is6G = suffix === '6G';
  if (password === null && !is6G) return [];
  const wpa = ['wpa=2', 'rsn_pairwise=CCMP'];
  if (/^[\x20-\x7e]{8,63}$/.test(password)) {
    // `sae_password` would read options in what follows a `|`. To SAE a passphrase is as good.
    const passphrase = `wpa_passphrase=${password}`;
    if (is6G) return [...wpa, passphrase, 'wpa_key_mgmt=SAE', 'ieee80211w=2', 'sae_pwe=1'];
    return [...wpa, passphrase, 'wpa_key_mgmt=WPA-PSK SAE', 'ieee80211w=1', 'sae_require_mfp=1'];
  }
  if (is6G) throw new Refusal(`${path}: ${label} is WPA3, which needs a passphrase of 8 to 63 characters.`);
  if (/^[0-9a-f]{64}$/i.test(password)) return [...wpa, `wpa_psk=${password}`, 'wpa_key_mgmt=WPA-PSK'];
  throw new Refusal(`${path}: neither a passphrase of 8 to 63 characters nor 64 hex digits.`);
}

/** hostapd steers by telling clients of the other bands, and by silence on 2.4 GHz to those that were heard on 5 GHz. */
function steeringOf(band, bands, radios) {
  const hasBoth = ['2g', '5g'].every((name) => bands.some((other) => other.name === name));
  return [
    'bss_transition=1',
    'rrm_neighbor_report=1',
    ...(hasBoth && band.name === '2g' ? [`no_probe_resp_if_seen_on=${radios[1]}`] : []),
    ...(hasBoth && band.name === '5g' ? ['track_sta_max_num=100'] : []),
  ];
}

const toFile = (lines) => lines.map((line) => `${line}\n`).join('');
