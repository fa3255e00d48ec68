import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { localClaims, localKey, sign } from '../../support/tokens.js';
import { effectsOn, keyedUpdate } from './keyed.js';

describe('an idempotency key', () => {
  let gateway: TestGateway;
  let device: TestDevice;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    ['another value', { input: { name: 'B' } }],
    ['one more field', { input: { name: 'A', notes: 'x' } }],
    ['null for what was absent inside the input', { input: { name: 'A', notes: null } }],
    ['a default inside the input that was absent', { input: { name: 'A', wifi: {} } }],
    ['another expected version', { input: { name: 'A' }, expectedVersion: 1 }],
  ])('with %s is IDEMPOTENCY_KEY_REUSED, and no input fault', async (_, call) => {
    device = await createDevice(gateway);
    const key = newId();
    await keyedUpdate(gateway, device, { key, input: { name: 'A' } });
    const { errors, device: answered } = await keyedUpdate(gateway, device, { key, ...call });
    expect(answered).toBeNull();
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'IDEMPOTENCY_KEY_REUSED',
          rest: { code: 422, message: 'idempotencyKey' },
          retryable: false,
          deviceId: device.id,
        },
      },
    ]);
    expect(errors[0]?.extensions.violations).toBeUndefined();
    expect(await effectsOn(gateway, device)).toMatchObject({ version: 2 });
  });

  it('is compared by meaning: order, notation of addresses, case of ids, null arguments', async () => {
    device = await createDevice(gateway);
    const key = newId();
    const input = {
      macAddress: '02:AB:cd:00:00:01',
      mvnoAccount: 'ABCDEFABCDEFABCDEFABCDEF',
      dhcp: { reservedClients: [{ mac: '02-00-00-00-00-02', ip: '192.168.0.7' }] },
    };
    expect((await keyedUpdate(gateway, device, { key, input })).codes).toEqual([]);
    const same = {
      dhcp: { reservedClients: [{ ip: '192.168.0.7', mac: '0200.0000.0002' }] },
      mvnoAccount: 'abcdefABCDEFABCDEFABCDEF',
      macAddress: '02abcd000001',
    };
    const repeat = { key, input: same, id: device.id.toUpperCase(), expectedVersion: null, dryRun: false };
    expect((await keyedUpdate(gateway, device, repeat)).codes).toEqual([]);
    expect(await effectsOn(gateway, device)).toMatchObject({ version: 2, audited: 1, keys: 1 });
    const other = { ...same, dhcp: { reservedClients: [{ ...same.dhcp.reservedClients[0], enable: true }] } };
    expect((await keyedUpdate(gateway, device, { key, input: other })).codes).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
  });

  it('of another subject is another key', async () => {
    device = await createDevice(gateway);
    const tokenOf = async (sub: string): Promise<string> =>
      await sign(localClaims(device.customer, { sub }), localKey(gateway));
    const key = newId();
    for (const [sub, version] of [
      ['one', 2],
      ['two', 3],
    ] as const) {
      const call = { key, token: await tokenOf(sub), input: { name: `Of ${sub}` } };
      expect((await keyedUpdate(gateway, device, call)).device).toMatchObject({ version });
      expect((await keyedUpdate(gateway, device, call)).device).toMatchObject({ version });
    }
    expect(await effectsOn(gateway, device)).toMatchObject({ keys: 2 });
  });

  it.each([
    ['a broken rule', { input: { name: '' } }, 'INVALID_VALUE'],
    ['an old version', { input: { name: 'B' }, expectedVersion: 7 }, 'VERSION_CONFLICT'],
  ])('stays free when the call is refused: %s', async (_, refused, code) => {
    device = await createDevice(gateway);
    const key = newId();
    expect((await keyedUpdate(gateway, device, { key, ...refused })).codes).toEqual([code]);
    expect((await keyedUpdate(gateway, device, { key, input: { name: 'B' } })).codes).toEqual([]);
  });

  it('out of reach is not looked at', async () => {
    device = await createDevice(gateway);
    const token = await gateway.token('OWNER', newId());
    const call = { key: newId(), token, input: { name: 'B' } };
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual(['ACCESS_DENIED']);
    expect(await effectsOn(gateway, device)).toMatchObject({ version: 1, keys: 0 });
  });

  it('of a device that moved away is worth nothing', async () => {
    device = await createDevice(gateway);
    const other = await createDevice(gateway);
    const call = { key: newId(), input: { name: 'B' } };
    await keyedUpdate(gateway, device, call);
    await gateway.sql.query('UPDATE network_device SET customer_id = $2 WHERE id = $1', [
      device.id,
      other.customer,
    ]);
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual(['ACCESS_DENIED']);
    await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [device.id]);
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual(['ACCESS_DENIED']);
  });

  it('is neither read nor stored by a dry run', async () => {
    device = await createDevice(gateway);
    const key = newId();
    await keyedUpdate(gateway, device, { key, input: { name: 'Dry' }, dryRun: true });
    expect(await effectsOn(gateway, device)).toMatchObject({ version: 1, keys: 0 });
    await keyedUpdate(gateway, device, { key, input: { name: 'Wet' } });
    const dry = await keyedUpdate(gateway, device, { key, input: { name: 'Drier' }, dryRun: true });
    expect(dry.device).toMatchObject({ version: 3, name: 'Drier' });
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(256)],
    ['beyond ASCII', 'ключ'],
    ['with a control character', 'a\tb'],
  ])('that is %s is INVALID_VALUE, dry run or not', async (_, key) => {
    device = await createDevice(gateway);
    for (const dryRun of [true, false]) {
      const { errors } = await keyedUpdate(gateway, device, { key, input: { name: 'B' }, dryRun });
      expect(errors).toMatchObject([
        { extensions: { code: 'INVALID_VALUE', violations: [{ path: 'idempotencyKey' }] } },
      ]);
    }
    expect(await effectsOn(gateway, device)).toMatchObject({ version: 1, keys: 0 });
  });

  it('of 255 characters will do, and null is none', async () => {
    device = await createDevice(gateway);
    const call = { key: ' ~'.repeat(127) + 'x', input: { name: 'B' } };
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual([]);
    expect((await keyedUpdate(gateway, device, { key: null, input: { name: 'C' } })).codes).toEqual([]);
    expect(await effectsOn(gateway, device)).toMatchObject({ version: 3, keys: 1 });
  });

  it('is refused when its subject has 100,000 live ones; a repeat is not', async () => {
    device = await createDevice(gateway);
    const token = await sign(localClaims(device.customer, { sub: 'busy' }), localKey(gateway));
    const call = { key: newId(), token, input: { name: 'B' } };
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual([]);
    await gateway.sql.query(
      `INSERT INTO idempotency_key (key_digest, args_digest, object_id)
       SELECT substr(key_digest, 1, 8) || substr(sha256(n::text::bytea), 1, 16), '', 'x'
       FROM generate_series(1, 99999) n, (SELECT key_digest FROM idempotency_key WHERE object_id = $1) k`,
      [device.id],
    );
    const twin = await gateway.startTwin();
    try {
      const { errors } = await keyedUpdate(gateway, device, { ...call, url: twin.url, key: newId() });
      expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 60_000 } }]);
      expect((await keyedUpdate(gateway, device, { ...call, url: twin.url })).codes).toEqual([]);
    } finally {
      await twin.stop();
    }
  });
});
