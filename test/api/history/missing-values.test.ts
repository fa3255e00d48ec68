import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { faultOf } from '../create-network-device/create.js';
import { deleteDevice } from '../delete-network-device/delete.js';
import { retry, update } from '../provisioning/provisioning.js';
import { changes, revert, settingsAt } from './history.js';

let gateway: TestGateway;
let customer: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

/** A device whose name is its version; the notes and passwords of the first stay. */
async function deviceAt(version: number): Promise<string> {
  const { id } = await createDevice(gateway, { customer, name: '1' });
  for (let next = 2; next <= version; next += 1) await update(gateway, token, id, { name: String(next) });
  return id;
}

const named = z.object({ name: z.string() }).nullable();

async function namesAt(id: string, versions: readonly number[]): Promise<readonly unknown[]> {
  const found = await settingsAt(gateway, token, id, versions);
  return found.map((settings) => named.parse(settings)?.name ?? null);
}

const asOfTheBuildBefore = `UPDATE device_audit SET old_values = NULL, customer_id = NULL, action = 'updateNetworkDevice'
  WHERE device_id = $1 AND version = $2`;

describe('a change whose values are missing', () => {
  it('hides what lies before it up to the next image, and nothing else', async () => {
    const id = await deviceAt(70);
    const versions = [1, 2, 38, 39, 40, 41, 63, 64, 65, 70];
    expect(await namesAt(id, versions)).toEqual(versions.map(String));
    await gateway.sql.query(asOfTheBuildBefore, [id, 40]);
    expect(await namesAt(id, versions)).toEqual([null, null, null, null, '40', '41', '63', '64', '65', '70']);
    const found = await changes(gateway, token, id);
    const of = (version: number) => found.find((change) => change.version === version);
    expect(of(40)).toMatchObject({ action: 'UPDATE', before: null, after: null, by: 'test-OWNER' });
    expect(of(41)).toMatchObject({ before: { name: '40' }, after: { name: '41' } });
    expect(of(39)).toMatchObject({ before: null, after: null });
    expect(faultOf(await revert(gateway, token, id, { toVersion: 39 }))).toEqual([
      'INVALID_VALUE',
      'toVersion',
    ]);
  });

  it('beyond an image hides nothing before that', async () => {
    const id = await deviceAt(70);
    await gateway.sql.query(asOfTheBuildBefore, [id, 66]);
    expect(await namesAt(id, [1, 62, 63, 64, 65, 66, 70])).toEqual(['1', '62', '63', null, null, '66', '70']);
    const found = await changes(gateway, token, id);
    expect(found.find(({ version }) => version === 64)).toMatchObject({
      before: { name: '63' },
      after: null,
    });
    expect(found.find(({ version }) => version === 63)).toMatchObject({
      before: { name: '62' },
      after: { name: '63' },
    });
  });

  it('of a single field, because the image is older than its column, is what a section starts from', async () => {
    const id = await deviceAt(65);
    const image = `UPDATE device_audit SET old_values = old_values - 'wifi_enabled_5g' - 'wifi_ssid_5g' - 'dhcp_lease_minutes'
      WHERE device_id = $1 AND version = 64`;
    await gateway.sql.query(image, [id]);
    const section = {
      wifi: { enabled5G: false, ssid5G: null, ssid: 'SkyNet' },
      dhcp: { leaseTime: null, enable: true },
    };
    expect(await settingsAt(gateway, token, id, [62, 63])).toMatchObject([
      { name: '62', ...section },
      { name: '63', ...section },
    ]);
  });

  it('is also one that is not there at all, as after SQL by hand', async () => {
    const id = await deviceAt(3);
    await gateway.sql.query(`UPDATE network_device SET version = 4, name = 'by hand' WHERE id = $1`, [id]);
    await update(gateway, token, id, { notes: 'Later' });
    expect(await namesAt(id, [1, 2, 3, 4, 5])).toEqual([null, null, null, 'by hand', 'by hand']);
    expect((await changes(gateway, token, id)).map(({ version }) => version)).toEqual([5, 3, 2, 1]);
  });

  it('of a page that begins in the middle is found as well', async () => {
    const id = await deviceAt(6);
    await gateway.sql.query(asOfTheBuildBefore, [id, 4]);
    for (let first = 1; first <= 6; first += 1) {
      const whole = await changes(gateway, token, id);
      expect(await changes(gateway, token, id, { first })).toEqual(whole.slice(0, first));
    }
  });
});

describe('a device that is gone', () => {
  it.each([
    ['by force', true],
    ['taken from the database', false],
  ])('%s leaves who, when and which paths, and no value', async (_, isForced) => {
    const id = await deviceAt(3);
    await update(gateway, token, id, { wifi: { ssid: 'C4nary' } });
    await update(gateway, token, id, { wifi: { ssid: 'Other' } });
    await retry(gateway, token, id);
    if (isForced) await deleteDevice(gateway, { id, customer }, { force: true });
    else await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [id]);
    const { rows } = await gateway.sql.query<{
      action: string;
      paths: string[];
      subject: string;
      old_values: unknown;
    }>('SELECT action, paths, subject, old_values FROM device_audit WHERE device_id = $1 ORDER BY id', [id]);
    expect(rows.map(({ old_values: values }) => values)).toEqual(rows.map(() => null));
    expect(rows.map(({ action }) => action).slice(0, 6)).toEqual([
      'IMPORT',
      'UPDATE',
      'UPDATE',
      'UPDATE',
      'UPDATE',
      'RETRY',
    ]);
    expect(rows[3]).toMatchObject({ paths: ['wifi.ssid'], subject: 'test-OWNER' });
    // One that is imported anew under its id has a history of its own.
    await createDevice(gateway, { id, customer, name: 'Anew' });
    await update(gateway, token, id, { name: 'Anew 2' });
    expect(await namesAt(id, [1, 2, 3])).toEqual(['Anew', 'Anew 2', null]);
    const found = await changes(gateway, token, id);
    expect(found.slice(0, 2)).toMatchObject([
      { version: 2, before: { name: 'Anew' } },
      { action: 'IMPORT', version: 1 },
    ]);
    expect(found.slice(2).filter(({ before, after }) => before !== null || after !== null)).toEqual([]);
    expect(found.length).toBeGreaterThan(6);
  });
});
