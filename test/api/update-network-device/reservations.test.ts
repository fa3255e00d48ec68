import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted } from './update.js';

const ONE = { mac: '123456789013', ip: '192.168.0.10', enable: true, id: 'one' };
const TWO = { mac: '123456789014', ip: '192.168.0.11', enable: false, id: 'two' };

describe('updateNetworkDevice replaces reservations as a whole, and keeps the ids of clients that stay', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const lists: { rule: string; wish: object[]; stored: object[] }[] = [
    { rule: 'drops those that are not in the list', wish: [TWO], stored: [TWO] },
    { rule: 'keeps the order of the list', wish: [TWO, ONE], stored: [TWO, ONE] },
    {
      rule: 'keeps the id of a client without one in the list, wherever it stands',
      wish: [
        { mac: TWO.mac, ip: '192.168.0.20' },
        { mac: ONE.mac, ip: '192.168.0.21' },
      ],
      stored: [
        { mac: TWO.mac, ip: '192.168.0.20', enable: true, id: 'two' },
        { mac: ONE.mac, ip: '192.168.0.21', enable: true, id: 'one' },
      ],
    },
    {
      rule: 'knows a client by its MAC address in any notation',
      wish: [{ mac: '12:34:56:78:90:13', ip: '192.168.0.20' }],
      stored: [{ mac: ONE.mac, ip: '192.168.0.20', enable: true, id: 'one' }],
    },
    {
      rule: 'gives a new client no id, even at an address that was taken',
      wish: [{ mac: 'aaaaaaaaaa01', ip: ONE.ip }],
      stored: [{ mac: 'aaaaaaaaaa01', ip: ONE.ip, enable: true, id: null }],
    },
    {
      rule: 'clears an id with null',
      wish: [{ mac: ONE.mac, ip: ONE.ip, id: null }],
      stored: [{ ...ONE, id: null }],
    },
    { rule: 'sets an id to a value', wish: [{ ...ONE, id: 'other' }], stored: [{ ...ONE, id: 'other' }] },
    {
      rule: 'enables a reservation that does not say, even one that was not enabled',
      wish: [{ mac: TWO.mac, ip: TWO.ip }],
      stored: [{ ...TWO, enable: true }],
    },
    {
      rule: 'disables a reservation with false',
      wish: [{ ...ONE, enable: false }],
      stored: [{ ...ONE, enable: false }],
    },
    {
      rule: 'disables a reservation with null',
      wish: [{ ...ONE, enable: null }],
      stored: [{ ...ONE, enable: false }],
    },
    {
      rule: 'stores MAC addresses in normal form',
      wish: [{ ...ONE, mac: '1234.5678.9013' }, TWO],
      stored: [ONE, TWO],
    },
    { rule: 'takes the empty list', wish: [], stored: [] },
  ];
  it.each(byRule(lists))('%s', async (_, { wish, stored }) => {
    const device = await createDevice(gateway, { dhcp: { reservedClients: [ONE, TWO] } });
    // A change that is there in any case: some lists are the old ones, written in another way.
    const answer = await expectAccepted(gateway, device, { notes: null, dhcp: { reservedClients: wish } });
    expect(answer.dhcp?.['reservedClients']).toEqual(stored);
  });

  it('forgets ids with the section', async () => {
    const device = await createDevice(gateway);
    await expectAccepted(gateway, device, { dhcp: null });
    const reservedClients = [{ mac: ONE.mac, ip: ONE.ip }];
    const answer = await expectAccepted(gateway, device, { dhcp: { reservedClients } });
    expect(answer.dhcp?.['reservedClients']).toEqual([{ ...ONE, id: null }]);
  });
});
