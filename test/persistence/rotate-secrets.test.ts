import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.js';
import { KeyRing } from '../../src/secrets/key-ring.js';
import { openStorage, type Storage } from '../../src/persistence/setup/open-storage.js';
import { rotateSecrets } from '../../src/persistence/secrets/rotate-secrets.js';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const key = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const OLD = key('old');
/** The underscore is a wildcard of LIKE: a text under the next key fits it too. */
const NEW = key('new_1');
const NEAR = key('new-1');

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { version wifi { password password5G } }
}`;
const READ = `query ($id: ID!) { networkDevice(id: $id) { version wifi { ssid password password5G } } }`;

function keyOfEntry(entry: string): { readonly id: string; readonly bytes: Buffer } {
  const [id = '', bytes = ''] = entry.split(':');
  return { id, bytes: Buffer.from(bytes, 'base64') };
}

/** Everything that a rotation leaves alone. */
const REST = `SELECT id, (to_jsonb(d) - 'wifi_password' - 'wifi_password_5g' - 'wifi_password_6g')::text AS rest,
  wifi_password, wifi_password_5g FROM network_device d ORDER BY id`;
const TRACES = `SELECT (SELECT count(*) FROM provisioning_job) + (SELECT count(*) FROM device_change)
  + (SELECT count(*) FROM device_audit) AS traces`;

describe('a rotation', () => {
  let gateway: TestGateway;
  let storage: Storage;
  const devices: TestDevice[] = [];
  let customer: string;

  beforeAll(async () => {
    const ring = { WIFI_SECRET_KEYS: [NEW, NEAR, OLD].join(',') };
    gateway = await startTestGateway({ ...ring, PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
    const settings = readSettings({ ...gateway.env, ...ring });
    storage = await openStorage(settings, pino({ level: 'silent' }));
    customer = await createCustomer(gateway);
  });
  afterAll(async () => {
    await storage.close();
    await gateway.stop();
  });

  const send = async (query: string, { id }: TestDevice, input?: object) =>
    await gateway.query(query, {
      token: await gateway.token('OWNER', customer),
      variables: { id, input },
    });
  const rotate = async (signal = new AbortController().signal) =>
    await rotateSecrets(storage.database, storage.keyRing, { onProgress: () => undefined, signal });
  const rows = async () =>
    (
      await gateway.sql.query<{
        id: string;
        rest: string;
        wifi_password: string | null;
        wifi_password_5g: string | null;
      }>(REST)
    ).rows;
  const traces = async () => (await gateway.sql.query<{ traces: string }>(TRACES)).rows;

  /** Puts the passwords of a device under another key, as if it had been the first when they were set. */
  async function sealWith(entry: string, { id }: TestDevice): Promise<void> {
    const ring = new KeyRing([keyOfEntry(entry)]);
    await gateway.sql.query(
      'UPDATE network_device SET wifi_password = $2, wifi_password_5g = $3 WHERE id = $1',
      [
        id,
        ring.seal('JohnConner', id, 'wifi.password').sealed,
        ring.seal('SarahConner', id, 'wifi.password5G').sealed,
      ],
    );
  }

  it('seals what is under other keys with the first one, and touches nothing else', async () => {
    for (let count = 0; count < 12; count += 1) devices.push(await createDevice(gateway, { customer }));
    const none = await createDevice(gateway, { customer, wifi: null });
    const [current, ...stale] = devices;
    if (current === undefined) throw new Error('There are no devices.');
    for (const [index, device] of stale.entries()) await sealWith(index % 2 === 0 ? OLD : NEAR, device);
    const [before, tracesBefore] = [await rows(), await traces()];
    const rotation = await rotate();
    expect(rotation).toMatchObject({ devices: stale.length, unreadable: [], isComplete: true });
    expect([...rotation.byKey.passwords]).toEqual([['new_1', 2 * devices.length]]);
    const after = await rows();
    expect(after.map(({ rest }) => rest)).toEqual(before.map(({ rest }) => rest));
    expect(await traces()).toEqual(tracesBefore);
    for (const { id, wifi_password, wifi_password_5g } of after.filter(({ id }) => id !== none.id)) {
      expect([wifi_password, wifi_password_5g], id).toEqual([
        expect.stringMatching(/^v1\.new_1\./),
        expect.stringMatching(/^v1\.new_1\./),
      ]);
    }
    const same = before.find(({ id }) => id === current.id);
    expect(after.find(({ id }) => id === current.id)).toEqual(same);
    for (const device of devices) {
      expect((await send(READ, device)).data).toMatchObject({
        networkDevice: { version: 1, wifi: { password: 'JohnConner', password5G: 'SarahConner' } },
      });
    }
    expect(await rotate()).toMatchObject({ devices: 0, isComplete: true });
    expect(await rows()).toEqual(after);
  });

  it('loses no update that is made meanwhile, and is not undone by one', async () => {
    let isOver = false;
    const written = new Map<string, string>();
    const updates = devices.map(async (device, index) => {
      for (let round = 0; !isOver; round += 1) {
        // Every other device changes its name only, and so writes back the seal that it has read.
        const password = `Password-${index}-${round}`;
        const input = index % 2 === 0 ? { wifi: { password } } : { name: password };
        const { errors } = await send(UPDATE, device, input);
        expect(errors).toEqual([]);
        written.set(device.id, index % 2 === 0 ? password : 'JohnConner');
      }
    });
    let rotated = 0;
    // An update that is under way writes the seal back that it has read before, so that some rounds find nothing to do.
    for (let round = 0; round < 10 || (rotated === 0 && round < 200); round += 1) {
      for (const device of devices.filter((_, index) => index % 2 === 1)) await sealWith(OLD, device);
      const rotation = await rotate();
      expect(rotation).toMatchObject({ unreadable: [], isComplete: true });
      rotated += rotation.devices;
    }
    isOver = true;
    await Promise.all(updates);
    expect(rotated).toBeGreaterThan(0);
    for (const device of devices) {
      const { data } = await send(READ, device);
      const password = written.get(device.id);
      expect(data).toMatchObject({ networkDevice: { wifi: { password, password5G: 'SarahConner' } } });
    }
    for (const row of await rows()) expect(row.wifi_password ?? 'v1.new_1.').toMatch(/^v1\.new_1\./);
    expect(await staleInHistory()).toEqual([]);
  });

  it('does the same for the passwords of earlier versions, which open at their own place only', async () => {
    const device = await createDevice(gateway, { customer });
    await sealWith(OLD, device);
    for (const password of ['second password', 'third password']) {
      expect((await send(UPDATE, device, { wifi: { password } })).errors).toEqual([]);
    }
    // What was read under a former key is not put back, so that a rotation in between is not undone.
    expect(await staleInHistory()).toEqual([]);
    // As an instance wrote it whose ring began with the former key.
    const former = new KeyRing([keyOfEntry(OLD)]);
    const sealed = { wifi_password: former.seal('JohnConner', device.id, 'wifi.password').sealed };
    await gateway.sql.query(
      'UPDATE device_audit SET old_values = old_values || $2 WHERE device_id = $1 AND version = 2',
      [device.id, sealed],
    );
    expect(await staleInHistory()).toHaveLength(1);
    const before = await history(device);
    expect(await rotate()).toMatchObject({ entries: 1, unreadable: [], isComplete: true });
    expect(await staleInHistory()).toEqual([]);
    expect(await history(device)).toEqual(before);
    expect(before).toMatchObject({
      networkDevice: {
        first: { wifi: { password: 'JohnConner' } },
        second: { wifi: { password: 'second password' } },
      },
    });
    const moved = `UPDATE device_audit a SET old_values = a.old_values || jsonb_build_object('wifi_password_5g', a.old_values -> 'wifi_password')
      WHERE device_id = $1 AND version = 2`;
    await gateway.sql.query(moved, [device.id]);
    const { data, errors } = await send(HISTORY, device);
    expect(data).toMatchObject({
      networkDevice: { first: { wifi: { password: 'JohnConner', password5G: null } } },
    });
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_ERROR' } }]);
    await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [device.id]);
  });

  const HISTORY = `query ($id: ID!) { networkDevice(id: $id) {
    first: settingsAt(version: 1) { wifi { password password5G } } second: settingsAt(version: 2) { wifi { password password5G } }
  } }`;
  async function history(device: TestDevice): Promise<unknown> {
    const { data, errors } = await send(HISTORY, device);
    expect(errors).toEqual([]);
    return data;
  }
  async function staleInHistory(): Promise<readonly unknown[]> {
    const { rows: stale } = await gateway.sql.query<{ seal: string }>(
      `SELECT seal FROM device_audit a CROSS JOIN LATERAL jsonb_each_text(a.old_values) v(field, seal)
       WHERE field LIKE 'wifi_password%' AND seal NOT LIKE 'v1.new\\_1.%'`,
    );
    return stale;
  }

  it('leaves alone what was changed between its look and its write', async () => {
    const device = await createDevice(gateway, { customer });
    await sealWith(OLD, device);
    let isChanged = false;
    const run: typeof storage.database.run = async (statement, values) => {
      if (statement.name === 'seal-secrets-anew' && !isChanged) {
        isChanged = true;
        expect((await send(UPDATE, device, { wifi: { password: 'Terminator' } })).errors).toEqual([]);
      }
      return await storage.database.run(statement, values);
    };
    const control = { onProgress: () => undefined, signal: new AbortController().signal };
    const rotation = await rotateSecrets({ run }, storage.keyRing, control);
    expect(isChanged).toBe(true);
    expect(rotation).toMatchObject({ devices: 0, isComplete: true });
    expect((await send(READ, device)).data).toMatchObject({
      networkDevice: { version: 2, wifi: { password: 'Terminator', password5G: 'SarahConner' } },
    });
  });

  it('does not wait for a device that somebody holds; it comes back for it', async () => {
    const held = await createDevice(gateway, { customer });
    const free = await createDevice(gateway, { customer });
    for (const device of [held, free]) await sealWith(OLD, device);
    const holder = await gateway.sql.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM network_device WHERE id = $1 FOR UPDATE', [held.id]);
    const rotation = rotate();
    const keyOf = async ({ id }: TestDevice): Promise<unknown> => {
      const { rows: found } = await gateway.sql.query<{ key: string }>(
        "SELECT split_part(wifi_password, '.', 2) AS key FROM network_device WHERE id = $1",
        [id],
      );
      return found[0]?.key;
    };
    try {
      await expect.poll(async () => await keyOf(free), { timeout: 3_000 }).toBe('new_1');
      expect(await keyOf(held)).toBe('old');
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    expect(await rotation).toMatchObject({ devices: 2, isComplete: true });
    expect(await keyOf(held)).toBe('new_1');
  });

  it('leaves what does not open as it is, names it, and does the rest', async () => {
    const device = await createDevice(gateway, { customer });
    await sealWith(OLD, device);
    await gateway.sql.query('UPDATE network_device SET wifi_password = wifi_password_5g WHERE id = $1', [
      device.id,
    ]);
    const before = (await rows()).find(({ id }) => id === device.id);
    const rotation = await rotate();
    expect(rotation).toMatchObject({
      devices: 1,
      isComplete: true,
      unreadable: [{ deviceId: device.id, field: 'password', error: { keyId: 'old' } }],
    });
    expect(rotation.byKey.passwords.get('old')).toBe(1);
    const after = (await rows()).find(({ id }) => id === device.id);
    expect(after?.wifi_password).toBe(before?.wifi_password);
    expect(after?.wifi_password_5g).toMatch(/^v1\.new_1\./);
    await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [device.id]);
  });

  it('stops between two pages when it is asked to, and says that it is not done', async () => {
    const device = await createDevice(gateway, { customer });
    await sealWith(OLD, device);
    expect(await rotate(AbortSignal.abort())).toMatchObject({ devices: 0, isComplete: false });
    expect(await rotate()).toMatchObject({ devices: 1, isComplete: true });
  });
});
