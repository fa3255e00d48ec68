import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS, type AccessLevel } from '../../../src/access/viewer.js';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId } from '../../support/gateway.js';
import { objectOf, type Page, type PageAnswer, sectionOf, startPage, versionOf } from './page.js';

let page: Page;
let reseller: string;
let device: TestDevice;
let stranger: TestDevice;
beforeAll(async () => {
  page = await startPage();
  reseller = await createCustomer(page.gateway);
  device = await createDevice(page.gateway, { customer: await createCustomer(page.gateway, reseller) });
  stranger = await createDevice(page.gateway);
});
afterAll(async () => {
  await page.stop();
});

const READERS: readonly AccessLevel[] = ['VIEWER', 'MANAGER', 'OWNER', 'RESELLER', 'RESELLER_ADMIN', 'ADMIN'];
const WRITERS: readonly AccessLevel[] = ['MANAGER', 'OWNER', 'RESELLER', 'ADMIN'];
const EVERYWHERE: readonly AccessLevel[] = ['RESELLER_ADMIN', 'ADMIN'];
const DENIED = { status: 403, body: { code: 403, message: 'access_denied' } };

describe.each(ACCESS_LEVELS)('%s does what the access table gives this level', (level) => {
  const options = async () => ({
    token: await page.token(level, level === 'RESELLER' ? reseller : device.customer),
  });

  it('reads, passwords only where it may', async () => {
    const answer = await page.get(device, await options());
    if (!READERS.includes(level)) {
      expect(answer).toMatchObject(DENIED);
      return;
    }
    expect(answer.status).toBe(200);
    const passwords = WRITERS.includes(level)
      ? { password: 'JohnConner', password5G: 'SarahConner', password6G: null }
      : { password: null, password5G: null, password6G: null };
    expect(sectionOf(objectOf(answer), 'wifi')).toMatchObject({ ssid: 'SkyNet', ...passwords });
    if (!WRITERS.includes(level)) expect(answer.text).not.toMatch(/JohnConner|SarahConner/);
  });

  it('updates', async () => {
    const version = await versionOf(page, device);
    const answer = await page.post(device, { notes: level }, await options());
    expect(answer).toMatchObject(WRITERS.includes(level) ? { status: 200, body: { notes: level } } : DENIED);
    expect(await versionOf(page, device)).toBe(version + (WRITERS.includes(level) ? 1 : 0));
  });

  it("a stranger's device", async () => {
    const read = await page.get(stranger, await options());
    expect(read).toMatchObject(EVERYWHERE.includes(level) ? { status: 200 } : DENIED);
    const update = await page.post(stranger, {}, await options());
    expect(update).toMatchObject(level === 'ADMIN' ? { status: 200 } : DENIED);
  });
});

describe('a device that is missing, one that is out of reach and an id that is no id answer byte-identically', () => {
  const NO_IDS = ['no-id', '1', "' OR 1=1 --", 'a"b\\c', '%', '%zz', 'Ø'.repeat(24), 'a'.repeat(25)];
  const bytes = ({ status, headers, text }: PageAnswer): string => {
    const named = [...headers.entries()].filter(([name]) => !['x-request-id', 'date'].includes(name));
    return JSON.stringify([status, named, text]);
  };
  const levels = ACCESS_LEVELS.filter((level) => level !== 'ADMIN');

  it.each(levels)('to %s', async (level) => {
    const token = await page.token(level, device.customer);
    const { macAddress } = await createDevice(page.gateway);
    const ids = [...(level === 'RESELLER_ADMIN' ? [] : [stranger.id]), ...NO_IDS];
    const ask: ((id: string) => Promise<PageAnswer>)[] = [
      async (id) => await page.get({ ...stranger, id }, { token }),
      async (id) => await page.get({ ...stranger, id }, { token, headers: { 'if-none-match': '*' } }),
      async (id) => await page.get({ ...stranger, id }, { token, headers: { 'if-match': '"77"' } }),
    ];
    const change: typeof ask = [
      async (id) => await page.post({ ...stranger, id }, { name: 'Mine now' }, { token }),
      async (id) => await page.post({ ...stranger, id }, { name: '', wifi: { ssid: '' } }, { token }),
      async (id) => await page.post({ ...stranger, id }, { macAddress }, { token }),
      async (id) =>
        await page.post({ ...stranger, id }, { name: 'x' }, { token, headers: { 'if-match': '"77", "1"' } }),
    ];
    for (const call of ask) {
      const missing = bytes(await call(newId()));
      expect(missing).toContain('access_denied');
      for (const id of ids) expect(bytes(await call(id)), id).toBe(missing);
    }
    for (const call of change) {
      const missing = bytes(await call(newId()));
      expect(missing).toContain('access_denied');
      for (const id of [stranger.id, ...ids]) expect(bytes(await call(id)), id).toBe(missing);
    }
  });
});
