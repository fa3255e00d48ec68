import { isHostAddress, isStationMac, parseIPv4, parseMac, type Subnet } from './addresses.js';
import { type RuleViolation, violation } from './violation.js';
import { byKind } from './section-fields.js';
import { codePoints, isCleanLine } from './text.js';

/** One address that DHCP keeps for one client. */
export interface ReservedClient {
  /** 12 lower-case hex digits. */
  readonly mac: string;
  /** Dotted quad. */
  readonly ip: string;
  readonly enable: boolean;
  /** As assigned by the device. */
  readonly id: string | null;
}

/** The fields of a reservation in the order of the input's. */
export const RESERVATION_FIELDS = ['mac', 'ip', 'enable', 'id'] as const satisfies (keyof ReservedClient)[];

/** The DHCP section of a device, in the page's names and order. */
export interface DhcpSettings {
  readonly enable: boolean;
  readonly ipPoolStart: string | null;
  readonly ipPoolEnd: string | null;
  /** Minutes. */
  readonly leaseTime: number | null;
  readonly primaryDnsServer: string | null;
  readonly reservedClients: readonly ReservedClient[];
}

/** What each field holds, in the page's order. */
export const DHCP_FIELDS = {
  enable: 'flag',
  ipPoolStart: 'text',
  ipPoolEnd: 'text',
  leaseTime: 'int',
  primaryDnsServer: 'text',
  reservedClients: 'reservations',
} as const satisfies Record<keyof DhcpSettings, string>;

/** What a section that was null starts from, and what a field that is set to null becomes. */
export const DHCP_DEFAULTS: DhcpSettings = byKind(DHCP_FIELDS, {
  flag: false,
  text: null,
  int: null,
  reservations: [],
});

const MAX_LEASE_MINUTES = 525_600;
/** Maximum number of reservations of a device; a longer list is refused as a whole. */
export const MAX_RESERVATIONS = 256;
const MAX_RESERVATION_ID = 64;
const NOT_IN_SUBNET = "Not a host address in the device's subnet.";
const OWN_ADDRESS = "This is the device's own address.";
const NOT_AN_IPV4 = 'Not an IPv4 address: four numbers from 0 to 255 with dots between.';

/** What is wrong with a MAC address that no device and no client can have. */
export const NOT_A_STATION_MAC = 'Not the MAC address of one device: it is a multicast address or all zero.';

/** Every rule that DHCP settings break; `subnet` is undefined while the device's LAN is not known. */
export function dhcpViolations(dhcp: DhcpSettings, subnet: Subnet | undefined): RuleViolation[] {
  return [
    ...neededViolations(dhcp),
    ...addressViolations(dhcp),
    ...leaseViolations(dhcp),
    ...poolViolations(dhcp, subnet),
    ...reservationViolations(dhcp.reservedClients, subnet),
  ];
}

function neededViolations(dhcp: DhcpSettings): RuleViolation[] {
  if (!dhcp.enable) return [];
  return (['ipPoolStart', 'ipPoolEnd', 'leaseTime'] as const)
    .filter((field) => dhcp[field] === null)
    .map((field) => violation(`dhcp.${field}`, `Enabled DHCP needs ${field}.`, ['dhcp.enable']));
}

function addressViolations(dhcp: DhcpSettings): RuleViolation[] {
  return (['ipPoolStart', 'ipPoolEnd', 'primaryDnsServer'] as const)
    .filter((field) => dhcp[field] !== null && parseIPv4(dhcp[field]) === undefined)
    .map((field) => violation(`dhcp.${field}`, NOT_AN_IPV4));
}

function leaseViolations({ leaseTime }: DhcpSettings): RuleViolation[] {
  if (leaseTime === null || (leaseTime >= 1 && leaseTime <= MAX_LEASE_MINUTES)) return [];
  return [violation('dhcp.leaseTime', `Leases last 1 to ${MAX_LEASE_MINUTES} minutes.`)];
}

function poolViolations(dhcp: DhcpSettings, subnet: Subnet | undefined): RuleViolation[] {
  const violations: RuleViolation[] = [];
  const start = parseIPv4(dhcp.ipPoolStart ?? '');
  const end = parseIPv4(dhcp.ipPoolEnd ?? '');
  const isPool = start !== undefined && end !== undefined;
  if (isPool && start > end) {
    violations.push(violation('dhcp.ipPoolEnd', 'The pool ends before it starts.', ['dhcp.ipPoolStart']));
  }
  if (subnet === undefined) return violations;
  if (start !== undefined && !isHostAddress(start, subnet)) {
    violations.push(violation('dhcp.ipPoolStart', NOT_IN_SUBNET));
  }
  if (end !== undefined && !isHostAddress(end, subnet)) {
    violations.push(violation('dhcp.ipPoolEnd', NOT_IN_SUBNET));
  }
  if (isPool && start <= subnet.lanIp && subnet.lanIp <= end) {
    violations.push(
      violation('dhcp.ipPoolStart', "The pool holds the device's own address.", ['dhcp.ipPoolEnd']),
    );
  }
  return violations;
}

function reservationViolations(
  clients: readonly ReservedClient[],
  subnet: Subnet | undefined,
): RuleViolation[] {
  if (clients.length > MAX_RESERVATIONS) {
    // Its entries are not checked: there can be tens of thousands of them, each with several violations.
    return [violation(RESERVATIONS_PATH, `At most ${MAX_RESERVATIONS} reservations.`)];
  }
  const violations: RuleViolation[] = [];
  const firstWithMac = new Map<string, number>();
  const firstWithIp = new Map<string, number>();
  clients.forEach((client, index) => {
    violations.push(...reservationViolation(client, index, subnet));
    violations.push(...macTwinViolations(firstWithMac, client.mac, index));
    if (client.enable) violations.push(...ipTwinViolations(firstWithIp, client.ip, index));
  });
  return violations;
}

function reservationViolation(
  client: ReservedClient,
  index: number,
  subnet: Subnet | undefined,
): RuleViolation[] {
  const at = (field: keyof ReservedClient): string => `${reservationPath(index)}.${field}`;
  const violations: RuleViolation[] = [];
  if (parseMac(client.mac) === undefined) {
    violations.push(violation(at('mac'), 'Not a MAC address: 12 hex digits.'));
  } else if (!isStationMac(client.mac)) {
    violations.push(violation(at('mac'), NOT_A_STATION_MAC));
  }
  const ipViolation = reservedIpViolation(parseIPv4(client.ip), subnet);
  if (ipViolation !== undefined) violations.push(violation(at('ip'), ipViolation));
  if (client.id !== null && (codePoints(client.id) > MAX_RESERVATION_ID || !isCleanLine(client.id))) {
    const message = `At most ${MAX_RESERVATION_ID} characters and no control characters.`;
    violations.push(violation(at('id'), message));
  }
  return violations;
}

function reservedIpViolation(ip: number | undefined, subnet: Subnet | undefined): string | undefined {
  if (ip === undefined) return NOT_AN_IPV4;
  if (subnet === undefined) return undefined;
  if (ip === subnet.lanIp) return OWN_ADDRESS;
  return isHostAddress(ip, subnet) ? undefined : NOT_IN_SUBNET;
}

/** Of two alike the later one is the violation. Texts that are no address at all are reported as such, not as duplicates. */
function macTwinViolations(firstWithMac: Map<string, number>, mac: string, index: number): RuleViolation[] {
  const first = parseMac(mac) === undefined ? undefined : firstOrSet(firstWithMac, mac, index);
  if (first === undefined) return [];
  const message = 'Another reservation has the same mac.';
  return [violation(`${reservationPath(index)}.mac`, message, [`${reservationPath(first)}.mac`])];
}

/** The same among the enabled ones: a reservation that is not enabled may wait for an address that another one has. */
function ipTwinViolations(firstWithIp: Map<string, number>, ip: string, index: number): RuleViolation[] {
  const first = parseIPv4(ip) === undefined ? undefined : firstOrSet(firstWithIp, ip, index);
  if (first === undefined) return [];
  const [at, other] = [reservationPath(index), reservationPath(first)];
  const message = 'Another enabled reservation has the same ip.';
  return [violation(`${at}.ip`, message, [`${at}.enable`, `${other}.ip`, `${other}.enable`])];
}

/** The index that has this value already; undefined when this is the first one. */
function firstOrSet(firstWith: Map<string, number>, value: string, index: number): number | undefined {
  const first = firstWith.get(value);
  if (first === undefined) firstWith.set(value, index);
  return first;
}

/** The dotted path of the list of reservations. */
export const RESERVATIONS_PATH = 'dhcp.reservedClients';

/** The dotted path of one reservation. */
export function reservationPath(index: number): string {
  return `${RESERVATIONS_PATH}[${index}]`;
}
