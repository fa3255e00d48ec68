import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readSettings } from '../../src/config/settings.js';
import { StartupError } from '../../src/errors/startup-error.js';
import { openStorage } from '../../src/persistence/setup/open-storage.js';
import { SealedText } from '../../src/secrets/key-ring.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { wifi { ssid password password5G password6G } } }';
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { version wifi { password password5G } }
}`;
const UPDATE_WITHOUT_WIFI = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { name }
}`;
/** A secret that nothing else in the database can hold by chance. */
const SECRET = 'Zq7canaryW9';

const newKey = (): string => randomBytes(32).toString('base64');

interface Sealed {
  readonly wifi_password: string;
  readonly wifi_password_5g: string;
}

async function sealedOf({ sql }: TestGateway, { id }: TestDevice): Promise<Sealed> {
  const { rows } = await sql.query<Sealed>(
    'SELECT wifi_password, wifi_password_5g FROM network_device WHERE id = $1',
    [id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('The device is gone.');
  return row;
}

describe('WiFi passwords are stored sealed, bound to their device and field', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const send = async (query: string, { id, customer }: TestDevice, input?: object) =>
    await gateway.query(query, {
      token: await gateway.token('OWNER', customer),
      variables: { id, input },
    });

  it('no column of any table holds one in clear, neither from an import nor from an update', async () => {
    const imported = await createDevice(gateway, { wifi: { password: `${SECRET}-imported` } });
    const wifi = { password: `${SECRET}-updated`, password5G: `${SECRET}-updated` };
    const { data, errors } = await send(UPDATE, await createDevice(gateway), { wifi });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ updateNetworkDevice: { wifi } });
    const { rows } = await gateway.sql.query<{ name: string }>(
      `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(rows.map(({ name }) => name)).toContain('public.network_device');
    for (const { name } of rows) {
      const found = await gateway.sql.query(`SELECT 1 FROM ${name} AS t WHERE strpos(t::text, $1) > 0`, [
        SECRET,
      ]);
      expect(found.rowCount, name).toBe(0);
    }
    const encoded = Buffer.from(`${SECRET}-imported`).toString('base64').slice(0, 12);
    expect(JSON.stringify(await sealedOf(gateway, imported))).not.toContain(encoded);
  });

  it('the same password sealed twice differs, in two fields and in two devices', async () => {
    const wifi = { password: 'SamePassword', password5G: 'SamePassword' };
    const first = await sealedOf(gateway, await createDevice(gateway, { wifi }));
    const second = await sealedOf(gateway, await createDevice(gateway, { wifi }));
    const seals = [first, second].flatMap((row) => [row.wifi_password, row.wifi_password_5g]);
    expect(new Set(seals).size).toBe(4);
    for (const seal of seals) expect(seal).toMatch(/^v1\.[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it.each<[string, string]>([
    ['another row', 'UPDATE network_device SET wifi_password = $2 WHERE id = $1'],
    [
      'another field',
      'UPDATE network_device SET wifi_password = wifi_password_5g WHERE id = $1 AND $2 <> $1',
    ],
    [
      'itself, changed by a bit',
      `UPDATE network_device SET wifi_password = regexp_replace(wifi_password, '.{4}$', 'AAAA') WHERE id = $1 AND $2 <> $1`,
    ],
  ])('a sealed text moved to %s does not open', async (_, sql) => {
    const source = await createDevice(gateway, { wifi: { password: SECRET } });
    const target = await createDevice(gateway, { wifi: { password5G: SECRET } });
    await gateway.sql.query(sql, [target.id, (await sealedOf(gateway, source)).wifi_password]);
    const { data, errors, text } = await send(READ, target);
    expect(data).toMatchObject({
      networkDevice: { wifi: { ssid: 'SkyNet', password: null, password5G: SECRET } },
    });
    expect(errors).toMatchObject([
      { path: ['networkDevice', 'wifi', 'password'], extensions: { code: 'INTERNAL_ERROR' } },
    ]);
    expect(text).not.toMatch(/v1\.|cipher|decrypt|authenticate/i);
  });

  it.each<[string, (sealed: string) => string, unknown]>([
    [
      'under a key that is not in the ring',
      (sealed) => sealed.replace(/^v1\.[\w-]+/, 'v1.lost'),
      textLike(/sealed with key "lost", which is not in the ring/),
    ],
    ['cut short', (sealed) => sealed.slice(0, -30), textLike(/does not open with key "[\w-]+"/)],
    [
      'of two bytes',
      (sealed) => sealed.replace(/[\w-]+$/, 'AAA'),
      textLike(/does not open with key "[\w-]+"/),
    ],
  ])(
    'a stored text %s: an error at its place, the rest of the answer stands, the log says why',
    async (_, broken, reason) => {
      const device = await createDevice(gateway);
      const { wifi_password: sealed } = await sealedOf(gateway, device);
      const text = broken(sealed);
      expect(text).not.toBe(sealed);
      await gateway.sql.query('UPDATE network_device SET wifi_password = $2 WHERE id = $1', [
        device.id,
        text,
      ]);
      const answer = await send(READ, device);
      expect(answer.data).toEqual({
        networkDevice: {
          wifi: { ssid: 'SkyNet', password: null, password5G: 'SarahConner', password6G: null },
        },
      });
      expect(answer.errors).toMatchObject([
        {
          path: ['networkDevice', 'wifi', 'password'],
          extensions: { code: 'INTERNAL_ERROR', deviceId: device.id },
        },
      ]);
      const { requestId } = answer.errors[0]?.extensions ?? {};
      const lines = gateway.logLines.filter(
        (line) => line.includes(requestId ?? '-') && line.includes('"request failed"'),
      );
      expect(lines).toHaveLength(1);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        deviceId: device.id,
        cause: { name: 'SecretError', message: reason },
      });
    },
  );

  it('an update of a device with a password that does not open is refused, and nothing is written', async () => {
    const device = await createDevice(gateway);
    const { wifi_password: sealed } = await sealedOf(gateway, device);
    const lost = sealed.replace(/^v1\.[\w-]+/, 'v1.lost');
    await gateway.sql.query('UPDATE network_device SET wifi_password = $2 WHERE id = $1', [device.id, lost]);
    const { data, errors } = await send(UPDATE, device, { name: 'Renamed' });
    expect(data).toEqual({ updateNetworkDevice: null });
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_ERROR', deviceId: device.id } }]);
    expect(await sealedOf(gateway, device)).toMatchObject({ wifi_password: lost });
  });

  it('an update that leaves WiFi alone opens no password: one that does not open stays as it is, and the device can be renamed', async () => {
    const device = await createDevice(gateway);
    const { wifi_password: sealed } = await sealedOf(gateway, device);
    const broken = sealed.slice(0, -30);
    await gateway.sql.query('UPDATE network_device SET wifi_password = $2 WHERE id = $1', [
      device.id,
      broken,
    ]);
    const opened = vi.spyOn(SealedText.prototype, 'remember');
    const rename = await send(UPDATE_WITHOUT_WIFI, device, { name: 'Renamed', notes: 'New' });
    expect(opened).not.toHaveBeenCalled();
    opened.mockRestore();
    expect(rename).toMatchObject({ data: { updateNetworkDevice: { name: 'Renamed' } }, errors: [] });
    const { errors } = await send(UPDATE, device, { wifi: { ssid: 'NewNet' } });
    expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL_ERROR', deviceId: device.id } }]);
    expect(await sealedOf(gateway, device)).toMatchObject({ wifi_password: broken });
  });

  it('a password that does not change keeps its seal; one that does gets a new one', async () => {
    const device = await createDevice(gateway);
    const before = await sealedOf(gateway, device);
    await send(UPDATE, device, { name: 'Renamed', wifi: { password: 'JohnConner', ssid: 'NewNet' } });
    expect(await sealedOf(gateway, device)).toEqual(before);
    await send(UPDATE, device, { wifi: { password: 'Terminator' } });
    const after = await sealedOf(gateway, device);
    expect(after.wifi_password).not.toBe(before.wifi_password);
    expect(after.wifi_password_5g).toBe(before.wifi_password_5g);
  });
});

describe('the key ring can change, as long as it opens what is stored', () => {
  const oldKey = newKey();
  const nextKey = newKey();
  const OLD = `old:${oldKey}`;
  const NEW = `new:${nextKey}`;
  /** Holds the database, and looks into it; the gateways that are tested come and go beside it. */
  let home: TestGateway;
  let url: string;
  let folder: string;
  let device: TestDevice;
  /** One that nobody changes but the last test. */
  let quiet: TestDevice;

  beforeAll(async () => {
    home = await startTestGateway({ WIFI_SECRET_KEYS: OLD });
    url = home.sql.options.connectionString ?? '';
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    device = await createDevice(home);
    quiet = await createDevice(home, { customer: device.customer });
  });
  afterAll(async () => {
    await home.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function withGateway(ring: string, work: (gateway: TestGateway) => Promise<void>): Promise<void> {
    const gateway = await startTestGateway({ DATABASE_URL: url, WIFI_SECRET_KEYS: ring });
    try {
      await work(gateway);
    } finally {
      await gateway.stop();
    }
  }
  async function passwords(gateway: TestGateway): Promise<unknown> {
    const token = await gateway.token('OWNER', device.customer);
    const { data, errors } = await gateway.query(READ, { token, variables: { id: device.id } });
    expect(errors).toEqual([]);
    return data;
  }
  const STORED = { networkDevice: { wifi: { password: 'JohnConner', password5G: 'SarahConner' } } };

  async function refusal(ring: string): Promise<string> {
    const settings = readSettings({ DATABASE_URL: url, DATA_DIR: folder, WIFI_SECRET_KEYS: ring });
    const error: unknown = await openStorage(settings, pino({ level: 'silent' })).then(
      async (storage) => await storage.close(),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartupError);
    const message = error instanceof Error ? error.message : '';
    for (const secret of [oldKey, nextKey]) expect(message).not.toContain(secret);
    return message;
  }

  it('the ring that sealed reads', async () => {
    await withGateway(OLD, async (gateway) => expect(await passwords(gateway)).toMatchObject(STORED));
  });

  it('a ring without a key that is needed is refused, and names the key', async () => {
    const message = await refusal(NEW);
    expect(message).toContain('WIFI_SECRET_KEYS');
    expect(message).toContain('"old"');
  });

  it('the same id with other bytes is refused, and names the key', async () => {
    const message = await refusal(`old:${nextKey}`);
    expect(message).toContain('WIFI_SECRET_KEYS');
    expect(message).toContain('"old"');
  });

  it('a new key in front of the old one reads what is there, and an update seals all with it', async () => {
    await withGateway(`${NEW},${OLD}`, async (gateway) => {
      expect(await passwords(gateway)).toMatchObject(STORED);
      const token = await gateway.token('OWNER', device.customer);
      const input = { wifi: { password: 'Terminator' } };
      await gateway.query(UPDATE, { token, variables: { id: device.id, input } });
      const { wifi_password, wifi_password_5g } = await sealedOf(home, device);
      expect(wifi_password).toMatch(/^v1\.new\./);
      // One that did not change as well: its old seal could undo a rotation that runs at the same time.
      expect(wifi_password_5g).toMatch(/^v1\.new\./);
    });
  });

  it('the old key is needed until the last password under it is gone', async () => {
    expect(await refusal(NEW)).toContain('"old"');
    await withGateway(`${NEW},${OLD}`, async (gateway) => {
      const token = await gateway.token('OWNER', device.customer);
      const input = { wifi: { password: 'Terminator' } };
      await gateway.query(UPDATE, { token, variables: { id: quiet.id, input } });
    });
    await withGateway(NEW, async (gateway) =>
      expect(await passwords(gateway)).toMatchObject({
        networkDevice: { wifi: { password: 'Terminator', password5G: 'SarahConner' } },
      }),
    );
  });
});
