import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newId } from '../../support/gateway.js';
import { keyedUpdate } from '../idempotency/keyed.js';
import { type Page, startPage } from './page.js';

describe('the header Idempotency-Key', () => {
  let page: Page;
  beforeAll(async () => {
    page = await startPage();
  });
  afterAll(async () => {
    await page.stop();
  });

  it('makes a repeat answer with the device as it is, and say so', async () => {
    const device = await createDevice(page.gateway);
    const headers = { 'idempotency-key': newId(), 'if-match': '"1"' };
    const first = await page.post(device, { name: 'A', macAddress: '02:00:5e:00:00:01' }, { headers });
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([200, null]);
    const repeat = await page.post(device, { macAddress: '02005E000001', name: 'A' }, { headers });
    expect([repeat.status, repeat.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect([repeat.text, repeat.headers.get('etag')]).toEqual([first.text, '"2"']);
  });

  it('compares a list of versions as a whole', async () => {
    const device = await createDevice(page.gateway, {});
    const headers = { 'idempotency-key': newId(), 'if-match': '"7", "1"' };
    const answers = [
      await page.post(device, { name: 'A' }, { headers }),
      await page.post(device, { name: 'A' }, { headers: { ...headers, 'if-match': '"1", "7"' } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.headers.get('idempotency-replayed')).toBe('true');
  });

  it('names the same call as the mutation with the same arguments', async () => {
    const device = await createDevice(page.gateway);
    const [key, token] = [newId(), await page.token('OWNER', device.customer)];
    await keyedUpdate(page.gateway, device, { key, token, input: { name: 'A' }, expectedVersion: 1 });
    const headers = { 'idempotency-key': key, 'if-match': '"1"' };
    const repeat = await page.post(device, { name: 'A' }, { token, headers });
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
  });

  it.each([
    ['with other values', newId(), { name: 'B' }],
    ['that is too long', 'x'.repeat(256), { name: 'A' }],
  ])('%s is 422 idempotencyKey', async (_, key, body) => {
    const device = await createDevice(page.gateway);
    const headers = { 'idempotency-key': key };
    await page.post(device, { name: 'A' }, { headers });
    const { status, body: answer } = await page.post(device, body, { headers });
    expect([status, answer]).toMatchObject([422, { code: 422, message: 'idempotencyKey' }]);
  });

  it('means nothing over GraphQL', async () => {
    const device = await createDevice(page.gateway);
    const token = await page.token('OWNER', device.customer);
    const query = `mutation { updateNetworkDevice(id: "${device.id}", input: { name: "A" }) { version } }`;
    await page.gateway.query(query, { token, headers: { 'idempotency-key': '' } });
    const { rowCount } = await page.gateway.sql.query('SELECT FROM idempotency_key WHERE object_id = $1', [
      device.id,
    ]);
    expect(rowCount).toBe(0);
  });

  it('may be sent by browsers, which may read the answer of a repeat', async () => {
    const url = new URL('/network/device/x', page.gateway.url);
    const origin = 'https://studio.apollographql.com';
    const asked = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'idempotency-key',
      },
    });
    expect(asked.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    const answer = await fetch(url, { headers: { origin } });
    expect(answer.headers.get('access-control-expose-headers')).toContain('idempotency-replayed');
  });
});
