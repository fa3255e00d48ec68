import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused, read, updated } from './update.js';

const ACCOUNT = '12345678901234567890abcd';
const NO_SIM: DeviceWishes = { capabilities: { simSupport: false } };

describe('updateNetworkDevice never stores a serial number or an MVNO account that breaks a rule', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const serialNumbers: { rule: string; serialNumber: string }[] = [
    { rule: 'the empty text', serialNumber: '' },
    { rule: 'blanks alone', serialNumber: '   ' },
    { rule: '65 characters', serialNumber: 'x'.repeat(65) },
    { rule: 'a letter that is not ASCII', serialNumber: 'SÉR' },
    { rule: 'a tab inside', serialNumber: 'SER\t1' },
    { rule: 'NUL', serialNumber: 'SER\u0000' },
    { rule: 'DEL', serialNumber: 'SER\u007f1' },
    { rule: 'an emoji', serialNumber: '\u{1F680}' },
    { rule: 'half a surrogate pair', serialNumber: 'SER\ud800' },
  ];
  it.each(byRule(serialNumbers))('refuses %s as a serial number', async (_, { serialNumber }) => {
    await expectRefused(gateway, await createDevice(gateway), { serialNumber }, ['serialNumber']);
  });

  it.each(
    byRule([
      { rule: 'one character', serialNumber: '1', stored: '1' },
      { rule: '64 characters', serialNumber: 'x'.repeat(64), stored: 'x'.repeat(64) },
      {
        rule: '64 characters with blanks around',
        serialNumber: ` ${'x'.repeat(64)}\t`,
        stored: 'x'.repeat(64),
      },
      { rule: 'every printable sign', serialNumber: '~ "\\%_!', stored: '~ "\\%_!' },
    ]),
  )('accepts %s as a serial number, and stores it trimmed', async (_, { serialNumber, stored }) => {
    const answer = await expectAccepted(gateway, await createDevice(gateway), { serialNumber });
    expect(answer).toMatchObject({ serialNumber: stored, state: 'ACTIVE', jobs: 0 });
  });

  const accounts: { rule: string; device?: DeviceWishes; mvnoAccount: string }[] = [
    { rule: 'the empty text', mvnoAccount: '' },
    { rule: '23 digits', mvnoAccount: ACCOUNT.slice(1) },
    { rule: '25 digits', mvnoAccount: `${ACCOUNT}0` },
    { rule: 'a letter that is no hex digit', mvnoAccount: `${ACCOUNT.slice(1)}g` },
    { rule: 'blanks around', mvnoAccount: ` ${ACCOUNT} ` },
    { rule: 'any on a model that takes no SIM card', device: NO_SIM, mvnoAccount: ACCOUNT },
  ];
  it.each(byRule(accounts))('refuses %s as an MVNO account', async (_, { device, mvnoAccount }) => {
    await expectRefused(gateway, await createDevice(gateway, device), { mvnoAccount }, ['mvnoAccount']);
  });

  it('accepts an MVNO account in any case, stores it in lower case and makes no job of it', async () => {
    const device = await createDevice(gateway);
    const answer = await expectAccepted(gateway, device, { mvnoAccount: ACCOUNT.toUpperCase() });
    expect(answer).toMatchObject({ mvnoAccount: ACCOUNT, state: 'ACTIVE', jobs: 0 });
    expect(await updated(gateway, device, { mvnoAccount: ACCOUNT })).toEqual(await read(gateway, device));
  });

  it('leaves an account alone that the model lost its card for, and lets it be cleared', async () => {
    const device = await createDevice(gateway, { mvnoAccount: ACCOUNT });
    const model = '(SELECT model_id FROM network_device WHERE id = $1)';
    await gateway.sql.query(`UPDATE device_model SET sim_support = false WHERE id = ${model}`, [device.id]);
    const renamed = await expectAccepted(gateway, device, { name: 'Renamed', serialNumber: 'SER-1' });
    expect(renamed.mvnoAccount).toBe(ACCOUNT);
    await expectRefused(gateway, device, { mvnoAccount: ACCOUNT.replace('1', '2') }, ['mvnoAccount']);
    expect((await expectAccepted(gateway, device, { mvnoAccount: null })).mvnoAccount).toBeNull();
  });

  it('reports both among others at their places', async () => {
    const input = { dhcp: { leaseTime: 0 }, mvnoAccount: '', wifi: { ssid: '' }, serialNumber: '', name: '' };
    const paths = ['name', 'serialNumber', 'mvnoAccount', 'wifi.ssid', 'dhcp.leaseTime'];
    await expectRefused(gateway, await createDevice(gateway), input, paths);
  });
});
