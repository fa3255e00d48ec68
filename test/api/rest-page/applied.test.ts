import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newMac } from '../../support/gateway.js';
import { objectOf, type Page, sectionOf, startPage, versionOf } from './page.js';

let page: Page;
beforeAll(async () => {
  page = await startPage();
});
afterAll(async () => {
  await page.stop();
});

describe('an answer posted back whole', () => {
  it.each([
    ['of a full device', {}],
    ['of a device without sections', { wifi: null, dhcp: null, status: null, notes: null }],
    ['of a device without reservations', { dhcp: { reservedClients: [] } }],
  ])('%s changes nothing, its version included', async (_, wishes) => {
    const device = await createDevice(page.gateway, wishes);
    const got = await page.get(device);
    const posted = await page.post(device, got.text);
    expect(posted.status).toBe(200);
    expect(posted.text).toBe(got.text);
    expect(posted.headers.get('etag')).toBe('"1"');
    expect(await versionOf(page, device)).toBe(1);
  });

  it('with a new MAC address applies it, and ignores what is read-only', async () => {
    const device = await createDevice(page.gateway);
    const before = objectOf(await page.get(device));
    const macAddress = newMac();
    const strange = {
      _id: 'x',
      state: 'DELETING',
      model: 5,
      modelType: 'TOASTER',
      modelBrand: [],
      modelDescription: {},
      modelPicture: true,
      customer: 'me',
      serialNumber: '1',
      mvnoAccount: '2',
      jobs: 99,
      status: { online: false, simStatus: 'nope', lanIp: '10.0.0.1' },
    };
    const answer = await page.post(device, { ...before, ...strange, macAddress: macAddress.toUpperCase() });
    expect(answer.status).toBe(200);
    const { state, jobs, status, ...rest } = objectOf(answer);
    const { state: _state, jobs: _jobs, status: statusBefore, ...restBefore } = before;
    expect(rest).toEqual({ ...restBefore, macAddress });
    expect([state, jobs]).not.toContain('DELETING');
    expect(jobs).not.toBe(99);
    // `provisioned` belongs to the jobs that the change sets off.
    expect({ ...sectionOf({ status }, 'status'), provisioned: 0 }).toEqual({
      ...sectionOf({ status: statusBefore }, 'status'),
      provisioned: 0,
    });
    expect(await versionOf(page, device)).toBe(2);
  });
});

describe('three wishes: absent leaves, null clears, a value sets', () => {
  it('at the top and inside the sections', async () => {
    const device = await createDevice(page.gateway);
    const before = objectOf(await page.get(device));
    const body = { notes: null, wifi: { enabled5G: false, ssid5G: null }, dhcp: { primaryDnsServer: null } };
    expect(objectOf(await page.post(device, body))).toMatchObject({
      name: 'Johns router',
      notes: null,
      wifi: { ...sectionOf(before, 'wifi'), enabled5G: false, ssid5G: null },
      dhcp: { ...sectionOf(before, 'dhcp'), primaryDnsServer: null },
    });
    expect(objectOf(await page.post(device, { wifi: null, dhcp: null }))).toMatchObject({
      wifi: null,
      dhcp: null,
    });
  });

  it('a page that uses both names of a section sets both', async () => {
    const device = await createDevice(page.gateway);
    const body = { wifi: { ssid5G: 'Five', ssid: 'Two' }, network: { wireless: { password: 'TwoTwoTwo' } } };
    expect(objectOf(await page.post(device, body))).toMatchObject({
      wifi: { ssid: 'Two', password: 'TwoTwoTwo', ssid5G: 'Five', password5G: 'SarahConner' },
    });
    const cleared = { wifi: { enabled: false }, network: { wireless: { ssid: null } } };
    expect(objectOf(await page.post(device, cleared))).toMatchObject({
      wifi: { enabled: false, ssid: null },
    });
  });

  it.each([{ network: {} }, { network: { wireless: {} } }])('%j asks for nothing', async (body) => {
    const device = await createDevice(page.gateway, { wifi: null });
    expect(objectOf(await page.post(device, body))).toMatchObject({ wifi: null });
    expect(await versionOf(page, device)).toBe(1);
  });
});

describe('enable is understood as "true" and "false", and answered as a boolean', () => {
  const RESERVED = { mac: '123456789013', ip: '192.168.0.10' };
  it.each([
    ['true', true],
    ['false', false],
    [true, true],
    [false, false],
    [null, false],
  ])('%j is %j', async (enable, expected) => {
    const device = await createDevice(page.gateway, { dhcp: { enable: !expected, reservedClients: [] } });
    const body = { dhcp: { enable, reservedClients: [{ ...RESERVED, enable }] } };
    expect(objectOf(await page.post(device, body))).toMatchObject({
      dhcp: { enable: expected, reservedClients: [{ ...RESERVED, enable: expected, id: null }] },
    });
  });

  it('absent, a reservation is active and keeps the id of its MAC address', async () => {
    const device = await createDevice(page.gateway);
    const body = { dhcp: { reservedClients: [{ mac: '12:34:56:78:90:13', ip: '192.168.0.11' }] } };
    expect(objectOf(await page.post(device, body))).toMatchObject({
      dhcp: { reservedClients: [{ mac: '123456789013', ip: '192.168.0.11', enable: true, id: 'r8jf84fv' }] },
    });
  });
});

describe('codes and addresses of the status are printed as they are stored', () => {
  it('codes that nobody knows too', async () => {
    const device = await createDevice(page.gateway);
    await page.gateway.sql.query(
      "UPDATE device_status SET network_type_code = '40', sim_status_code = '99', wan_ip = '' WHERE device_id = $1",
      [device.id],
    );
    expect(objectOf(await page.get(device))).toMatchObject({
      status: { networkType: '40', simStatus: '99', wanIp: '', gateway: null },
    });
  });
});
