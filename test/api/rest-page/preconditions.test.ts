import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId } from '../../support/gateway.js';
import { type Page, pageError, startPage, versionOf } from './page.js';

const CONFLICT = { code: 412, message: 'version' };

let page: Page;
let device: TestDevice;
beforeAll(async () => {
  page = await startPage();
});
beforeEach(async () => {
  device = await createDevice(page.gateway);
  await page.post(device, { name: 'Two' });
  await page.post(device, { name: 'Three' });
});
afterAll(async () => {
  await page.stop();
});

const post = async (ifMatch: string, body: object = { name: 'Four' }) =>
  await page.post(device, body, { headers: { 'if-match': ifMatch } });

describe('ETag is the version', () => {
  it('of what was read, of what was written, and of what did not change', async () => {
    expect((await page.get(device)).headers.get('etag')).toBe('"3"');
    expect((await page.post(device, { name: 'Four' })).headers.get('etag')).toBe('"4"');
    expect((await page.post(device, { name: 'Four' })).headers.get('etag')).toBe('"4"');
    expect(await versionOf(page, device)).toBe(4);
  });
});

describe('If-Match means expectedVersion', () => {
  const met = ['"3"', 'W/"3"', ' "3" ', '*', '"1", "3"', '"4","3","2"', 'W/"2" ,\t"3"', '"foreign", "3"'];
  // Proxies that compress an answer mark its tag: Apache, Jetty and others.
  const marked = [
    '"3-gzip"',
    'W/"3-gzip"',
    '"3--gzip"',
    '"3-br"',
    '"3;gzip"',
    '"3:gzip"',
    '"3-zstd", "9"',
    '"3-df"',
  ];

  it.each([...met, ...marked])('%s is met', async (ifMatch) => {
    const answer = await post(ifMatch);
    expect(answer).toMatchObject({ status: 200, body: { name: 'Four' } });
    expect(answer.headers.get('etag')).toBe('"4"');
  });

  it.each([
    '"2"',
    '"4"',
    '"1", "2"',
    '"33"',
    '"03"',
    '"3 "',
    '"+3"',
    '"3.0"',
    '"foreign"',
    '"2-gzip"',
    '"33-gzip"',
    '"3gzip"',
    '"3-"',
    '"3-4"',
    '"3-foreign"',
    '"-gzip"',
    '""',
    '"99999999999"',
  ])('%s is not: 412, and nothing is written', async (ifMatch) => {
    const answer = await post(ifMatch);
    expect(answer.status).toBe(412);
    expect(pageError.parse(answer.body)).toMatchObject(CONFLICT);
    expect(await versionOf(page, device)).toBe(3);
  });

  it.each(['3', '"3', '3"', '', '"3" "4"', '"3",', ', "3"', 'w/"3"', '"3", *', '**', "'3'"])(
    '%j cannot be read: 400, and nothing is written',
    async (ifMatch) => {
      const answer = await post(ifMatch);
      expect(answer).toMatchObject({ status: 400, body: { code: 400, message: 'bad_request' } });
      expect(await versionOf(page, device)).toBe(3);
    },
  );

  it('of two that write on one version, one wins', async () => {
    const answers = await Promise.all(['One', 'Other'].map(async (name) => await post('"3"', { name })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412]);
    expect(await versionOf(page, device)).toBe(4);
  });

  it('is looked at before the rules, and after access', async () => {
    expect((await post('"2"', { name: '' })).status).toBe(412);
    const stranger = await page.token('MANAGER', newId());
    const options = { token: stranger, headers: { 'if-match': '"2"' } };
    expect((await page.post(device, { name: 'x' }, options)).status).toBe(403);
  });

  it('holds for GET too', async () => {
    const get = async (ifMatch: string) => await page.get(device, { headers: { 'if-match': ifMatch } });
    expect((await get('"3"')).status).toBe(200);
    expect(await get('"2"')).toMatchObject({ status: 412, body: CONFLICT });
    expect((await get('3')).status).toBe(400);
  });
});

it.each(['"3"', '*'])('If-None-Match: %s on POST is ignored', async (tags) => {
  const options = { headers: { 'if-none-match': tags } };
  expect(await page.post(device, { name: 'Four' }, options)).toMatchObject({ status: 200 });
});

describe('If-None-Match on GET', () => {
  it.each(['"3"', 'W/"3"', '"3-gzip"', '*'])(
    '%s: the whole device all the same, since its status has no version',
    async (tags) => {
      const answer = await page.get(device, { headers: { 'if-none-match': tags } });
      expect(answer).toMatchObject({ status: 200, body: { name: 'Three' } });
    },
  );
});
