import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { read, reported } from './report.js';

describe('reportDeviceStatus takes codes and names, and keeps a code that nobody knows', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    gateway = await sharedGateway();
    device = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    ['READY', '1'],
    ['PIN_VERIFIED', '2'],
    ['PIN_LOCK', '3'],
    ['PUK_LOCK', '4'],
    ['BLOCKED', '5'],
    ['NO_SIM', '6'],
    ['UNKNOWN', '7'],
    ['1', '1'],
    ['7', '7'],
    ['8', '8'],
    ['NR', 'NR'],
    ['ready', 'ready'],
    ['constructor', 'constructor'],
    ['€'.repeat(64), '€'.repeat(64)],
    ['😀'.repeat(64), '😀'.repeat(64)],
    ['', null],
  ])('simStatus %s is stored as %s', async (simStatus, code) => {
    await reported(gateway, device, { simStatus: '1', networkType: '32' });
    expect(await reported(gateway, device, { simStatus })).toMatchObject({ simStatus: code });
    expect((await read(gateway, device)).status).toMatchObject({ simStatus: code, networkType: '32' });
  });

  it.each([
    ['NONE', '1'],
    ['GSM', '2'],
    ['WCDMA', '4'],
    ['LTE', '8'],
    ['LTE_PLUS', '16'],
    ['NR', '32'],
    ['32', '32'],
    ['40', '40'],
    ['64', '64'],
    ['READY', 'READY'],
    ['toString', 'toString'],
    ['"quoted" \\ {"a": null}', '"quoted" \\ {"a": null}'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['', null],
  ])('networkType %s is stored as %s', async (networkType, code) => {
    await reported(gateway, device, { simStatus: '1', networkType: '32' });
    expect(await reported(gateway, device, { networkType })).toMatchObject({ networkType: code });
    expect((await read(gateway, device)).status).toMatchObject({ networkType: code, simStatus: '1' });
  });
});
