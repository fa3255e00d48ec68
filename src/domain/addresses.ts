import { isIPv6 as isIPv6OrZoned } from 'node:net';

const NORMAL_MAC = /^[0-9a-f]{12}$/;

/**
 * Reads a MAC address: 12 hex digits with `:`, `-`, `.` or nothing between, in any case.
 * @returns 12 lower-case hex digits, or undefined for a text that is no MAC address
 */
export function parseMac(text: string): string | undefined {
  if (NORMAL_MAC.test(text)) return text;
  const digits = text.replaceAll(/[:.-]/g, '').toLowerCase();
  return NORMAL_MAC.test(digits) && /^[0-9a-f]+([:.-][0-9a-f]+)*$/i.test(text) ? digits : undefined;
}

const ALL_ZERO = '000000000000';

/**
 * Whether a MAC address can be that of one station: unicast, which the lowest bit of the first octet says, and not all
 * zero (IEEE 802, section 8.2.2).
 * @param mac in normal form
 */
export function isStationMac(mac: string): boolean {
  return mac !== ALL_ZERO && Number.parseInt(mac.slice(0, 2), 16) % 2 === 0;
}

const DOT = 0x2e;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * Reads an IPv4 address as a dotted quad: no prefix, no leading zeros (RFC 6943, section 3.1.1, says why).
 * @returns the address as an unsigned 32-bit number, or undefined for a text that is no dotted quad
 */
export function parseIPv4(text: string): number | undefined {
  // Each update reads ten addresses: a pattern and parts of texts take five times as long.
  let [address, octet, digits, dots] = [0, 0, 0, 0];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === DOT && digits > 0) {
      dots += 1;
      address = address * 256 + octet;
      octet = 0;
      digits = 0;
    } else {
      const isDigit = code >= DIGIT_0 && code <= DIGIT_9 && !(digits > 0 && octet === 0);
      octet = octet * 10 + code - DIGIT_0;
      digits += 1;
      if (!isDigit || octet > 255) return undefined;
    }
  }
  return dots === 3 && digits > 0 ? address * 256 + octet : undefined;
}

/** Whether a text is an IPv6 address (RFC 4291). A zone, as in `fe80::1%eth0`, only means something on the device itself. */
export function isIPv6(text: string): boolean {
  return isIPv6OrZoned(text) && !text.includes('%');
}

/** An IPv4 subnet and the address that the device itself has in it; all as unsigned 32-bit numbers. */
export interface Subnet {
  readonly lanIp: number;
  readonly network: number;
  readonly broadcast: number;
}

const UNSPECIFIED = 0;
const LOOPBACK = 127;
const LINK_LOCAL = 169 * 256 + 254;
/** Of a /30, the smallest subnet that has two hosts: the device and a client. */
const MIN_HOST_BITS = 0b11;

/**
 * The subnet of a device's LAN, or undefined while its address or mask is not known. Devices that do not know their LAN report
 * a placeholder: 0.0.0.0, a loopback (RFC 1122) or a link-local address (RFC 3927), or the mask of a /31 or /32.
 */
export function parseSubnet(lanIp: string | null, subnetMask: string | null): Subnet | undefined {
  const address = parseIPv4(lanIp ?? '');
  const mask = parseIPv4(subnetMask ?? '');
  if (address === undefined || mask === undefined || isPlaceholder(address)) return undefined;
  const hostBits = ~mask >>> 0;
  const isContiguous = (hostBits & (hostBits + 1)) === 0;
  if (!isContiguous || mask === UNSPECIFIED || hostBits < MIN_HOST_BITS) return undefined;
  const network = (address & mask) >>> 0;
  return { lanIp: address, network, broadcast: (network | hostBits) >>> 0 };
}

function isPlaceholder(address: number): boolean {
  return address === UNSPECIFIED || address >>> 24 === LOOPBACK || address >>> 16 === LINK_LOCAL;
}

/** Whether a host may have this address: inside the subnet, neither its network nor its broadcast address. */
export function isHostAddress(address: number, { network, broadcast }: Subnet): boolean {
  return address > network && address < broadcast;
}
