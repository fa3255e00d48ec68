import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { type Page, type PageOptions, startPage } from './page.js';

/** A word that could be a password, that nothing else holds. */
const CANARY = 'Zq7canaryW9';

describe('no error of the page and no log line ever holds a value that was sent in', () => {
  let page: Page;
  let device: TestDevice;
  beforeAll(async () => {
    page = await startPage();
    device = await createDevice(page.gateway);
  });
  afterAll(async () => {
    await page.stop();
  });

  async function send(body: unknown, options: PageOptions = {}): Promise<number> {
    const { status, text, headers } = await page.post(device, body, options);
    const leaks = [text, ...headers.values(), ...page.gateway.logLines].filter((line) =>
      line.includes(CANARY),
    );
    expect(leaks, JSON.stringify(body)).toEqual([]);
    return status;
  }

  const PLACES = ['name', 'notes', 'macAddress', 'wifi', 'dhcp', 'network', 'status'].concat(
    ['enabled', 'ssid', 'password', 'password5G', 'password6G', 'bandsteering'].map(
      (field) => `wifi.${field}`,
    ),
    ['enable', 'ipPoolStart', 'leaseTime', 'primaryDnsServer', 'reservedClients'].map(
      (field) => `dhcp.${field}`,
    ),
    ['network.wireless', 'network.wireless.ssid', 'network.wireless.password'],
  );
  const nest = (path: string, value: unknown): unknown =>
    path.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);

  it.each(PLACES)('%s, of any type and against any rule', async (place) => {
    const wrongs = [[CANARY], { nope: CANARY }, [[CANARY]], [{ mac: CANARY, ip: CANARY, id: [CANARY] }]];
    const texts = [`${CANARY}\u0000`, `${CANARY}ø`.repeat(500)];
    for (const value of [...wrongs, ...texts]) expect(await send(nest(place, value)), place).toBe(422);
  });

  it('bodies that are not understood, and both names of one password', async () => {
    expect(await send(`{"name": "${CANARY}`)).toBe(400);
    expect(await send(CANARY)).toBe(400);
    expect(await send(JSON.stringify(CANARY))).toBe(400);
    expect(await send({ notes: CANARY.repeat(3_000) })).toBe(413);
    expect(await send(CANARY, { headers: { 'content-type': 'text/plain' } })).toBe(415);
    const password = CANARY;
    expect(await send({ wifi: { password }, network: { wireless: { password } } })).toBe(422);
  });

  it('conditions, tokens, and failures behind the page', async () => {
    const body = { notes: CANARY, wifi: { password: CANARY } };
    expect(await send(body, { headers: { 'if-match': '"9"' } })).toBe(412);
    expect(await send(body, { headers: { 'if-match': CANARY } })).toBe(400);
    expect(await send(body, { token: CANARY })).toBe(401);
    expect(await send(body, { token: null, headers: { authorization: CANARY } })).toBe(401);
    await page.gateway.sql.query(
      'ALTER TABLE network_device ADD CONSTRAINT never CHECK (version < 2) NOT VALID',
    );
    expect(await send(body)).toBe(500);
    await page.gateway.sql.query('ALTER TABLE network_device RENAME TO network_device_away');
    try {
      expect(await send(body)).toBe(500);
      expect(await page.get(device)).toMatchObject({
        status: 500,
        body: { code: 500, message: 'internal_error' },
      });
      expect(page.gateway.logLines.join('')).toContain('INTERNAL_ERROR');
    } finally {
      await page.gateway.sql.query('ALTER TABLE network_device_away RENAME TO network_device');
    }
  });

  it('an id that is none is not logged either', async () => {
    const answer = await page.get({ ...device, id: CANARY });
    expect(answer.status).toBe(403);
    expect([answer.text, ...page.gateway.logLines].filter((line) => line.includes(CANARY))).toEqual([]);
  });
});
