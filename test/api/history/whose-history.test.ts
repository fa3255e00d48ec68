import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessLevel } from '../../../src/access/viewer.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { faultOf } from '../create-network-device/create.js';
import { codesOf } from '../delete-network-device/delete.js';
import { update } from '../provisioning/provisioning.js';
import { changes, revert, settingsAt } from './history.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
});
afterAll(async () => {
  await gateway.stop();
});

describe('who reads the history of a device', () => {
  it.each<[AccessLevel, boolean, boolean]>([
    ['VIEWER', false, false],
    ['MANAGER', true, true],
    ['OWNER', true, true],
    ['RESELLER', true, true],
    ['RESELLER_ADMIN', false, false],
    ['ADMIN', true, true],
  ])('%s sees what changed; who did it: %s; passwords: %s', async (level, isTold, hasPasswords) => {
    const reseller = await createCustomer(gateway);
    const customer = await createCustomer(gateway, reseller);
    const { id } = await createDevice(gateway, { customer });
    await update(gateway, await gateway.token('OWNER', customer), id, {
      notes: 'Second',
      wifi: { password: 'C4nary second' },
    });
    const token = await gateway.token(level, level === 'RESELLER' ? reseller : customer);
    const [second, first] = await changes(gateway, token, id);
    expect(second).toMatchObject({
      version: 2,
      action: 'UPDATE',
      paths: ['notes', 'wifi.password'],
      by: isTold ? 'test-OWNER' : null,
      accessLevel: isTold ? 'OWNER' : null,
      before: {
        notes: 'Note about device',
        wifi: { ssid: 'SkyNet', password: hasPasswords ? 'JohnConner' : null },
      },
      after: { notes: 'Second', wifi: { ssid: 'SkyNet', password: hasPasswords ? 'C4nary second' : null } },
    });
    expect(second?.requestId === null).toBe(!isTold);
    expect(first).toMatchObject({
      action: 'IMPORT',
      before: null,
      by: isTold ? 'import' : null,
      accessLevel: null,
    });
    expect(await settingsAt(gateway, token, id, [1])).toMatchObject([
      { notes: 'Note about device', wifi: { password: hasPasswords ? 'JohnConner' : null } },
    ]);
    const mayRevert = level !== 'VIEWER' && level !== 'RESELLER_ADMIN';
    expect(codesOf(await revert(gateway, token, id, { toVersion: 1 }))).toEqual(
      mayRevert ? [] : ['ACCESS_DENIED'],
    );
  });

  it('a device that went to another customer takes its settings along, and not its history', async () => {
    const reseller = await createCustomer(gateway);
    const [former, owner] = [
      await createCustomer(gateway, reseller),
      await createCustomer(gateway, reseller),
    ];
    const { id } = await createDevice(gateway, { customer: former, name: 'Canary first' });
    const formerToken = await gateway.token('OWNER', former);
    await update(gateway, formerToken, id, { name: 'Canary second' });
    await update(gateway, formerToken, id, { name: 'As it went' });
    await gateway.sql.query('UPDATE network_device SET customer_id = $2 WHERE id = $1', [id, owner]);
    const token = await gateway.token('MANAGER', owner);
    const nothing = { by: null, accessLevel: null, requestId: null, before: null, after: null };
    expect(await changes(gateway, token, id)).toMatchObject([
      { version: 3, action: 'UPDATE', paths: ['name'], ...nothing },
      { version: 2, action: 'UPDATE', paths: ['name'], ...nothing },
      { version: 1, action: 'IMPORT', ...nothing },
    ]);
    await update(gateway, token, id, { name: 'New' });
    await update(gateway, token, id, { name: 'Newer' });
    const [newest, first] = await changes(gateway, token, id);
    expect(newest).toMatchObject({
      version: 5,
      by: 'test-MANAGER',
      before: { name: 'New' },
      after: { name: 'Newer' },
    });
    expect(first).toMatchObject({ version: 4, by: 'test-MANAGER', after: { name: 'New' } });
    expect(await settingsAt(gateway, token, id, [1, 2, 3])).toEqual([null, null, null]);
    for (const toVersion of [1, 2, 3]) {
      expect(faultOf(await revert(gateway, token, id, { toVersion }))).toEqual([
        'INVALID_VALUE',
        'toVersion',
      ]);
    }
    expect(codesOf(await revert(gateway, token, id, { toVersion: 4 }))).toEqual([]);
    expect(codesOf(await revert(gateway, formerToken, id, { toVersion: 1 }))).toEqual(['ACCESS_DENIED']);
    // Who reads the devices of both reads all of it.
    for (const above of [await gateway.token('RESELLER', reseller), await gateway.token('ADMIN', reseller)]) {
      expect(await settingsAt(gateway, above, id, [1, 5])).toMatchObject([
        { name: 'Canary first' },
        { name: 'Newer' },
      ]);
      expect((await changes(gateway, above, id)).at(-2)).toMatchObject({
        by: 'test-OWNER',
        before: { name: 'Canary first' },
      });
    }
    expect(
      codesOf(await revert(gateway, await gateway.token('RESELLER', reseller), id, { toVersion: 1 })),
    ).toEqual([]);
  });
});
