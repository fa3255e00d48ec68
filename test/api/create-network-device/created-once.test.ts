import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer } from '../../support/fleet.js';
import { newId, newMac, queryAt, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { create, createModel, faultOf, idIn } from './create.js';

let gateway: TestGateway;
let model: string;
let customer: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  model = await createModel(gateway);
  customer = await createCustomer(gateway);
  token = await gateway.token('MANAGER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

describe('createNetworkDevice with an idempotency key', () => {
  it('creates one device for many calls at once, over two instances', async () => {
    const twin = await gateway.startTwin();
    try {
      const there: Pick<TestGateway, 'query'> = {
        query: async (query, options) => await queryAt(twin.url, query, options),
      };
      const input = { model, macAddress: newMac(), wifi: { ssid: 'S' } };
      const key = newId();
      const answers = await Promise.all(
        Array.from(
          { length: 20 },
          async (_, index) => await create(index % 2 === 0 ? gateway : there, token, input, false, key),
        ),
      );
      const [id, ...others] = new Set(answers.map(idIn));
      expect(others).toEqual([]);
      const { rows } = await gateway.sql.query(
        `SELECT (SELECT count(*)::integer FROM network_device WHERE mac_address = $2) AS devices,
          (SELECT count(*)::integer FROM provisioning_job WHERE device_id = $1) AS jobs,
          (SELECT count(*)::integer FROM device_audit WHERE device_id = $1) AS audited`,
        [id, input.macAddress],
      );
      expect(rows).toEqual([{ devices: 1, jobs: 1, audited: 1 }]);
    } finally {
      await twin.stop();
    }
  });

  it('answers a repeat with the device as it is now, whose MAC address is in use by itself', async () => {
    const key = newId();
    const input = { model, macAddress: newMac() };
    const id = idIn(await create(gateway, token, input, false, key));
    await gateway.sql.query(`UPDATE network_device SET name = 'Renamed' WHERE id = $1`, [id]);
    const meant = { macAddress: input.macAddress.toUpperCase(), customer: customer.toUpperCase(), model };
    const repeated = await create(gateway, token, meant, false, key);
    expect(repeated.data).toMatchObject({ createNetworkDevice: { id, name: 'Renamed', version: 1 } });
    expect(faultOf(await create(gateway, token, { ...input, notes: null }, false, key))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
  });

  it('is a missing device when that is gone, and another call when it is out of reach', async () => {
    const [gone, moved] = [newId(), newId()];
    const input = { model, macAddress: newMac() };
    const its = { ...input, macAddress: newMac() };
    const goneId = idIn(await create(gateway, token, input, false, gone));
    const movedId = idIn(await create(gateway, token, its, false, moved));
    await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [goneId]);
    await gateway.sql.query('UPDATE network_device SET customer_id = $2 WHERE id = $1', [
      movedId,
      await createCustomer(gateway),
    ]);
    expect(faultOf(await create(gateway, token, input, false, gone))).toEqual(['ACCESS_DENIED']);
    expect(faultOf(await create(gateway, token, its, false, moved))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
  });

  it('leaves the key free after a refusal and a dry run', async () => {
    const key = newId();
    const input = { model, macAddress: newMac() };
    expect(faultOf(await create(gateway, token, { ...input, model: newId() }, false, key))).toEqual([
      'INVALID_VALUE',
      'model',
    ]);
    const dry = idIn(await create(gateway, token, input, true, key));
    const id = idIn(await create(gateway, token, { ...input, name: 'Other' }, false, key));
    expect(id).not.toBe(dry);
  });
});
