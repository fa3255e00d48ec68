import { describe, expect, it } from 'vitest';
import { parseIpRange } from '../../src/domain/ip-range.js';
import { clientAddress, networkOf } from '../../src/limits/client-address.js';

const ranges = (...texts: readonly string[]) =>
  texts.map((text) => {
    const range = parseIpRange(text);
    if (range === undefined) throw new Error(`${text} is no range.`);
    return range;
  });

describe('without trusted proxies the connection alone counts', () => {
  const address = clientAddress([]);
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:cb00:7109', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    [undefined, ''],
  ])('%s: %s', (remote, expected) => {
    expect(networkOf(address(remote, '198.51.100.1'))).toBe(expected);
  });
});

describe('trusted proxies are believed, and nobody before them', () => {
  const address = clientAddress(ranges('10.0.0.0/8', '192.0.2.7', 'fd00::/8'));
  it.each<[string, string, string | string[] | undefined, string]>([
    ['a stranger is not believed', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['one proxy', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['one proxy as IPv4 mapped into IPv6', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['what the client made up stands before', '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['two proxies', '10.1.2.3', '1.1.1.1, 198.51.100.1,192.0.2.7', '198.51.100.1'],
    ['a proxy between that is not trusted', '10.1.2.3', '198.51.100.1, 192.0.2.8, 10.9.9.9', '192.0.2.8'],
    ['nothing but proxies', '10.1.2.3', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
    ['a proxy that says nothing', '10.1.2.3', undefined, '10.1.2.3'],
    ['an empty header', '10.1.2.3', '', '10.1.2.3'],
    ['nonsense', '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
    ['ports', '10.1.2.3', '198.51.100.1:5123', '198.51.100.1'],
    ['IPv6 with a port', 'fd00::1', '[2001:db8:1:2::3]:443', '2001:db8:1:2::/64'],
    ['IPv6', 'fd00::1', '2001:db8:1:2::3', '2001:db8:1:2::/64'],
    ['two headers', '10.1.2.3', ['1.1.1.1', '198.51.100.1, 10.4.4.4'], '198.51.100.1'],
  ])('%s', (_, remote, forwardedFor, expected) => {
    expect(networkOf(address(remote, forwardedFor))).toBe(expected);
  });

  it('a header of any length and content', () => {
    expect(address('10.1.2.3', '10.1.1.1,'.repeat(10_000))).toBe('10.1.2.3');
    expect(address('10.1.2.3', '[::1')).toBe('10.1.2.3');
    expect(address('10.1.2.3', '1:'.repeat(5_000))).toBe('10.1.2.3');
  });
});
