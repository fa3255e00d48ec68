import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectOf, type Page, sectionOf, startPage } from './page.js';

/** The page's printed response, with its missing comma and its 23-digit id repaired. */
const PRINTED = `{ "_id": "12345678901234567890ABCD", "state": "ACTIVE", "name": "Johns router",
  "model": "12345678901234567890AAAA", "modelType": "ROUTER", "modelBrand": "TP-LINK",
  "modelDescription": "5G router with 2.4/5GHz wifi and 3 ethernet ports", "modelPicture": "12345678901234567890BBBB",
  "customer": "12345678901234567890CCCC", "macAddress": "123456789012", "serialNumber": "484t563tyehfcu38hcnb4",
  "mvnoAccount": "12345678901234567890DDDD", "jobs": 0, "notes": "Note about device",
  "wifi": { "enabled": true, "ssid": "SkyNet", "password": "JohnConner", "enabled5G": true, "ssid5G": "Need4Speed",
    "password5G": "SarahConner", "enabled6G": false, "ssid6G": null, "password6G": null, "bandsteering": false },
  "dhcp": { "enable": true, "ipPoolStart": "192.168.0.100", "ipPoolEnd": "192.168.0.200", "leaseTime": 10,
    "primaryDnsServer": "8.8.8.8",
    "reservedClients": [ { "mac": "123456789013", "ip": "192.168.0.10", "enable": true, "id": "r8jf84fv" } ] },
  "status": { "provisioned": true, "lastComm": "2025-01-01T00:00:00.000Z", "online": true, "lanIp": "192.168.0.1",
    "subnetMask": "255.255.255.0", "gateway": "100.64.0.1", "wanIp": "100.64.0.123", "publicIp": "62.192.163.232",
    "upTime": 123456, "dns": "8.8.8.8", "dns2": "1.1.1.1", "ipv6": "", "ipv6Dns": "", "ipv6Dns2": "",
    "simStatus": "1", "networkType": "32", "signalStrength": 0, "ssSingnalStrength": 50, "uplinkRate": 1234,
    "downlinkRate": 5432, "connectionTime": 1234567 } }`;

/** The page's printed request. */
const QUERY_EXAMPLE = `{ "name": "My Primary Router", "network": { "wireless": { "ssid": "SkyNet", "password": "1NT3RN3T!" } } }`;

const DEVICE = { id: '12345678901234567890abcd', customer: '12345678901234567890cccc' };

/** The example byte for byte, but for blanks and the case of ids. */
function inBytes(json: string): string {
  return JSON.stringify(JSON.parse(json)).replaceAll(/"\d{20}[A-D]{4}"/g, (id) => id.toLowerCase());
}

let page: Page;
beforeAll(async () => {
  page = await startPage();
  const demo = new URL('../../../prisma/demo-fleet.json', import.meta.url);
  await page.gateway.importFleet(JSON.parse(await readFile(demo, 'utf8')));
});
afterAll(async () => {
  await page.stop();
});

describe('the page as it is printed', () => {
  it.each([DEVICE.id, DEVICE.id.toUpperCase()])('GET %s answers the example, byte for byte', async (id) => {
    const { status, headers, text } = await page.get({ ...DEVICE, id });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(text).toBe(inBytes(PRINTED));
  });

  it('POST {} answers it too, and changes nothing', async () => {
    const { status, text, headers } = await page.post(DEVICE, {});
    expect(status).toBe(200);
    expect(text).toBe(inBytes(PRINTED));
    expect(headers.get('etag')).toBe('"1"');
  });

  it('the request example sets name, SSID and password of 2.4 GHz, and nothing else', async () => {
    const before = objectOf(await page.get(DEVICE));
    const answer = await page.post(DEVICE, QUERY_EXAMPLE);
    expect(answer.status).toBe(200);
    const settings = {
      name: 'My Primary Router',
      wifi: { ...sectionOf(before, 'wifi'), ssid: 'SkyNet', password: '1NT3RN3T!' },
    };
    for (const now of [objectOf(answer), objectOf(await page.get(DEVICE))]) {
      expect({ ...now, state: 0, jobs: 0, status: 0 }).toEqual({
        ...before,
        ...settings,
        state: 0,
        jobs: 0,
        status: 0,
      });
    }
    expect(answer.headers.get('etag')).toBe('"2"');
  });
});
