import { describe, expect, it } from 'vitest';
import { type Device, type DeviceSettings, updatedDevice, withProgress } from '../../src/domain/device.js';
import { UNREPORTED_STATUS } from '../../src/domain/device-status.js';
import { parseId } from '../../src/domain/id.js';
import { MAX_ATTEMPTS, MAX_ERROR_LENGTH, retryDelayMs } from '../../src/domain/provisioning-job.js';
import { dhcp, SETTINGS, wifi } from './settings.js';

const THEN = new Date('2025-01-01T00:00:00Z');
const NOW = new Date('2026-01-01T00:00:00Z');

const DEVICE: Device = {
  ...SETTINGS,
  id: '12345678901234567890abcd',
  version: 7,
  state: 'ACTIVE',
  jobs: 0,
  hasRunningJob: false,
  hasOpenRemoval: false,
  isGivenUp: false,
  model: {
    id: '12345678901234567890aaaa',
    name: 'Router',
    type: 'ROUTER',
    brand: null,
    description: null,
    picture: null,
    capabilities: { wifi: true, wifi2G: true, wifi5G: true, wifi6G: true, simSupport: true },
  },
  customer: { id: '12345678901234567890bbbb', name: 'John', ancestorIds: ['12345678901234567890bbbb'] },
  status: { ...UNREPORTED_STATUS, online: true, provisioned: true },
  createdAt: THEN,
  updatedAt: THEN,
};

describe('an effective update raises the version by one; what is sent to the device itself needs a job', () => {
  const provisioning = {
    state: 'PROVISIONING',
    jobs: 1,
    status: { ...DEVICE.status, provisioned: false },
  } as const;
  it.each<[string, Partial<DeviceSettings>, boolean]>([
    ['name', { name: 'New' }, false],
    ['notes', { notes: null }, false],
    ['serialNumber', { serialNumber: 'SER-1' }, false],
    ['mvnoAccount', { mvnoAccount: '12345678901234567890dddd' }, false],
    ['macAddress', { macAddress: 'aaaaaaaaaaaa' }, true],
    ['wifi', { wifi: wifi({}) }, true],
    ['dhcp', { dhcp: dhcp({}) }, true],
  ])('%s', (_, change, needsJob) => {
    const update = updatedDevice(DEVICE, { ...SETTINGS, ...change }, NOW);
    const changed = { ...DEVICE, ...change, version: 8, updatedAt: NOW };
    expect(update).toEqual({ device: needsJob ? { ...changed, ...provisioning } : changed, needsJob });
  });

  it('a job that runs goes on beside the new one; one that waits is replaced', () => {
    const settings = { ...SETTINGS, wifi: wifi({}) };
    expect(updatedDevice({ ...DEVICE, jobs: 1, hasRunningJob: true }, settings, NOW).device.jobs).toBe(2);
    expect(updatedDevice({ ...DEVICE, jobs: 1 }, settings, NOW).device.jobs).toBe(1);
  });

  it('a device that never reported is not provisioned, and nothing else is known of it', () => {
    const { device } = updatedDevice({ ...DEVICE, status: null }, { ...SETTINGS, wifi: wifi({}) }, NOW);
    expect(device.status).toStrictEqual({
      provisioned: false,
      lastComm: null,
      online: null,
      lanIp: null,
      subnetMask: null,
      gateway: null,
      wanIp: null,
      publicIp: null,
      upTimeSeconds: null,
      dns: null,
      dns2: null,
      ipv6: null,
      ipv6Dns: null,
      ipv6Dns2: null,
      simStatusCode: null,
      networkTypeCode: null,
      signalStrength: null,
      ssSignalStrength: null,
      uplinkRateKbps: null,
      downlinkRateKbps: null,
      connectionSeconds: null,
    });
  });
});

describe('a device shows the progress that the database has written', () => {
  const progress = { state: 'PROVISIONING', jobs: 2, provisioned: false } as const;

  it('its state, its jobs and whether it is provisioned', () => {
    expect(withProgress(DEVICE, progress)).toEqual({
      ...DEVICE,
      state: 'PROVISIONING',
      jobs: 2,
      status: { ...DEVICE.status, provisioned: false },
    });
  });

  it('has no status when it never reported', () => {
    expect(withProgress({ ...DEVICE, status: null }, progress).status).toBeNull();
  });
});

describe('a failed job is tried five times, each time after twice the wait, give or take a fifth', () => {
  it.each([
    [1, 0.5, 1_000],
    [2, 0.5, 2_000],
    [4, 0.5, 8_000],
    [1, 0, 800],
    [1, 1, 1_200],
    [3, 0, 3_200],
  ])('after try %d, with chance %d: %d ms', (attempt, random, delay) => {
    expect(retryDelayMs(attempt, 1_000, random)).toBe(delay);
  });

  it('has the bounds of the contract', () => {
    expect([MAX_ATTEMPTS, MAX_ERROR_LENGTH]).toEqual([5, 500]);
  });
});

describe('an id is 24 hex digits in any case, in lower case afterwards', () => {
  it.each([
    ['12345678901234567890abcd', '12345678901234567890abcd'],
    ['12345678901234567890ABCD', '12345678901234567890abcd'],
    ['12345678901234567890abc', undefined],
    ['12345678901234567890abcde', undefined],
    ['x12345678901234567890abcd', undefined],
    ['12345678901234567890abcg', undefined],
    ['', undefined],
  ])('%j: %s', (text, id) => {
    expect(parseId(text)).toBe(id);
  });
});
