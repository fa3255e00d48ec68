import type { IpRange } from '../domain/ip-range.js';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Where a request comes from: the address of its connection, and what proxies wrote into `x-forwarded-for`. */
export type ClientAddress = (
  remote: string | undefined,
  forwardedFor: string | readonly string[] | undefined,
) => string;

/**
 * Believes `x-forwarded-for` as far as the proxies on the list wrote it: each adds the address that it was called from at
 * the end, so the client is the last one that is no such proxy. Anybody can write whatever stands before that.
 */
export function clientAddress(trustedProxies: readonly IpRange[]): ClientAddress {
  const proxies = new BlockList();
  for (const { address, prefix, family } of trustedProxies) proxies.addSubnet(address, prefix, family);
  const isProxy = (address: string): boolean => proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (remote, forwardedFor) => {
    let client = normalAddress(remote ?? '') ?? '';
    if (trustedProxies.length === 0) return client;
    const hops = (typeof forwardedFor === 'string' ? forwardedFor : (forwardedFor ?? []).join(',')).split(
      ',',
    );
    while (client !== '' && isProxy(client)) {
      const hop = normalAddress(hops.pop() ?? '');
      if (hop === undefined) break;
      client = hop;
    }
    return client;
  };
}

/** An address as proxies write it, with a port or not; IPv4 stays IPv4 when it comes mapped into IPv6. */
function normalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const [, bracketed, withPort] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(text.trim()) ?? [];
  const [address = ''] = (bracketed ?? withPort ?? text.trim()).split('%');
  if (!isIPv6(address)) return isIPv4(address) ? address : undefined;
  const groups = groupsOf(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return address;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join('.');
}

/** What one client has to itself: an IPv4 address, or the /64 that IPv6 gives each link. */
export function networkOf(address: string): string {
  // Most have no colon, and to look for one costs less than to match the pattern of an IPv6 address.
  return address.includes(':') && isIPv6(address)
    ? `${groupsOf(address)
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(':')}::/64`
    : address;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): readonly number[] {
  // A URL has them in hex throughout, an IPv4 address at the end included.
  const { hostname } = new URL(`http://[${address}]`);
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const [front, back] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const given = [...(front ?? []), ...(back ?? [])];
  const zeros = Array.from({ length: 8 - given.length }, () => '0');
  return [...(front ?? []), ...zeros, ...(back ?? [])].map((group) => parseInt(group, 16));
}
