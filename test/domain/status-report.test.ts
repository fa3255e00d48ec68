import { describe, expect, it } from 'vitest';
import {
  joinReports,
  reportViolations,
  type StatusPatch,
  type StatusReport,
  toStatusPatch,
} from '../../src/domain/status-report.js';
import { pathsOf } from './settings.js';

const NOW = new Date('2026-01-01T00:00:00Z');

const IPV4_FIELDS = ['lanIp', 'subnetMask', 'gateway', 'wanIp', 'publicIp', 'dns', 'dns2'] as const;
const IPV6_FIELDS = ['ipv6', 'ipv6Dns', 'ipv6Dns2'] as const;
const CODE_FIELDS = ['simStatus', 'networkType'] as const;
const STRENGTH_FIELDS = ['signalStrength', 'ssSignalStrength'] as const;
const COUNT_FIELDS = ['upTime', 'uplinkRate', 'downlinkRate', 'connectionTime'] as const;

/** A report with one value; the fields come from lists of their names. */
function report(field: keyof StatusReport, value: unknown): StatusReport {
  return { [field]: value };
}

function expectChecked(fields: readonly (keyof StatusReport)[], value: unknown, isGood: boolean): void {
  for (const field of fields) {
    expect(pathsOf(reportViolations(report(field, value), NOW))).toEqual(isGood ? [] : [field]);
  }
}

describe('every value of a report has its rule', () => {
  it.each([
    ['192.168.0.1', true],
    ['192.168.0.256', false],
    ['fe80::1', false],
  ])('an IPv4 address: %s is %s', (value, isGood) => expectChecked(IPV4_FIELDS, value, isGood));

  it.each([
    ['fe80::1', true],
    ['::ffff:10.0.0.1', true],
    ['fe80::1%eth0', false],
    ['10.0.0.1', false],
  ])('an IPv6 address: %s is %s', (value, isGood) => expectChecked(IPV6_FIELDS, value, isGood));

  it.each([
    ['1', true],
    ['LTE', true],
    ['a code of a later release', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['a\nb', false],
  ])('a code: %j is %s', (value, isGood) => expectChecked(CODE_FIELDS, value, isGood));

  it.each([
    [-1, false],
    [0, true],
    [100, true],
    [101, false],
  ])('a strength in percent: %d is %s', (value, isGood) => expectChecked(STRENGTH_FIELDS, value, isGood));

  it.each([
    [-1, false],
    [0, true],
    [101, true],
    [2_147_483_648, true],
  ])('a count: %d is %s', (value, isGood) => expectChecked(COUNT_FIELDS, value, isGood));

  it.each([
    ['2025-01-01T00:00:00Z', true],
    ['2025-01-01', false],
    ['2025-02-30T00:00:00Z', false],
    ['0001-01-01T00:00:00Z', true],
    ['0000-12-31T23:59:59Z', false],
    ['2026-01-01T00:05:00Z', true],
    ['2026-01-01T00:05:00.001Z', false],
    ['2026-01-01T01:05:00.001+01:00', false],
    ['9999-12-31T23:59:59Z', false],
  ])('a moment: %s is %s', (value, isGood) => expectChecked(['lastComm'], value, isGood));

  it.each([[null], ['']])('%j clears any value and breaks no rule', (value) => {
    expectChecked([...IPV4_FIELDS, ...IPV6_FIELDS, ...CODE_FIELDS, 'lastComm', 'online'], value, true);
  });

  it('violations come in the order of the input', () => {
    const bad = { simStatus: '\n', upTime: -1, lanIp: 'x', lastComm: 'x', signalStrength: 101, online: true };
    expect(pathsOf(reportViolations(bad, NOW))).toEqual([
      'lastComm',
      'lanIp',
      'upTime',
      'simStatus',
      'signalStrength',
    ]);
  });
});

describe('a report changes what it names: absent leaves, null and the empty text clear', () => {
  it.each<[string, StatusReport, StatusPatch]>([
    ['nothing: the device was heard of now', {}, { lastComm: NOW }],
    [
      'when it was heard of',
      { lastComm: '2025-01-01T01:00:00+01:00' },
      { lastComm: new Date('2025-01-01T00:00:00Z') },
    ],
    ['that nobody knows when', { lastComm: null }, { lastComm: null }],
    ['that nobody knows when, as an empty text', { lastComm: '' }, { lastComm: null }],
    ['that it is off', { online: false }, { lastComm: NOW, online: false }],
    ['that nobody knows', { online: null }, { lastComm: NOW, online: null }],
    ['addresses', { lanIp: '10.0.0.1', ipv6: '::1' }, { lastComm: NOW, lanIp: '10.0.0.1', ipv6: '::1' }],
    ['addresses that are gone', { wanIp: '', ipv6: null }, { lastComm: NOW, wanIp: null, ipv6: null }],
    ['seconds and kbit/s', { upTime: 0 }, { lastComm: NOW, upTimeSeconds: 0 }],
    ['an up-link rate', { uplinkRate: 5 }, { lastComm: NOW, uplinkRateKbps: 5 }],
    ['no down-link rate', { downlinkRate: null }, { lastComm: NOW, downlinkRateKbps: null }],
    ['how long it is connected', { connectionTime: 9 }, { lastComm: NOW, connectionSeconds: 9 }],
    ['a strength', { signalStrength: 0 }, { lastComm: NOW, signalStrength: 0 }],
    ['a code of the page', { simStatus: '3' }, { lastComm: NOW, simStatusCode: '3' }],
    ['the name of a code', { simStatus: 'PIN_LOCK' }, { lastComm: NOW, simStatusCode: '3' }],
    ['the name of a network', { networkType: 'NR' }, { lastComm: NOW, networkTypeCode: '32' }],
    ['bits of two networks', { networkType: '40' }, { lastComm: NOW, networkTypeCode: '40' }],
    ['a code that nobody knows yet', { networkType: 'SIX' }, { lastComm: NOW, networkTypeCode: 'SIX' }],
    [
      'no code',
      { simStatus: null, networkType: '' },
      { lastComm: NOW, simStatusCode: null, networkTypeCode: null },
    ],
  ])('%s', (_, sent, patch) => {
    expect(toStatusPatch(sent, NOW)).toStrictEqual(patch);
  });
});

describe('reports of one device are joined in their order', () => {
  const at = (minute: number): Date => new Date(NOW.getTime() + 60_000 * minute);
  const patch = (lastComm: Date | null, upTimeSeconds: number): StatusPatch => ({ lastComm, upTimeSeconds });

  it('one alone is its own step', () => {
    expect(joinReports([patch(at(1), 1)])).toEqual({
      patch: patch(at(1), 1),
      steps: [{ at: at(1), patch: patch(at(1), 1) }],
    });
  });

  it('one that is older than another before it changes nothing', () => {
    const joined = joinReports([patch(at(2), 1), patch(at(1), 2), { lastComm: at(2), online: true }]);
    expect(joined.patch).toEqual({ lastComm: at(2), upTimeSeconds: 1, online: true });
    expect(joined.steps.map((step) => step.at)).toEqual([at(2), at(2)]);
  });

  it('after one that clears the moment all count in any case', () => {
    const joined = joinReports([patch(at(9), 1), patch(null, 2), patch(at(1), 3), patch(at(0), 4)]);
    expect(joined.patch).toEqual(patch(at(1), 3));
    expect(joined.steps.map((step) => step.at)).toEqual([at(9), null, null]);
  });
});
