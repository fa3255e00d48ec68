import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { build, runCommand } from '../support/processes.js';

/** Number 10: it has a SIM card. */
const DEVICE = 'f3000000000000000000000a';

describe('npm run db:generate fills a database with devices whose every section is in use', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    await build();
    gateway = await startTestGateway();
  });
  afterAll(async () => await gateway.stop());

  const generate = async () => await runCommand('db-generate', ['--devices', '20'], gateway.env);
  const asAdmin = async (query: string) =>
    await gateway.query(query, { token: await gateway.token('ADMIN', newId()) });

  it('with WiFi passwords that the key ring opens, reservations and a full status', async () => {
    expect(await generate()).toMatchObject({ code: 0 });
    const { data, errors } = await asAdmin(`{ networkDevice(id: "${DEVICE}") {
      wifi { password password5G password6G } dhcp { reservedClients { id mac ip enable } }
      status { upTime ipv6 simStatus networkType signalStrength } model { brand } customer { name }
    } }`);
    expect(errors).toEqual([]);
    expect(data).toEqual({
      networkDevice: {
        wifi: {
          password: 'Generated password 10',
          password5G: 'Generated password 10 5G',
          password6G: 'Generated password 10 6G',
        },
        dhcp: {
          reservedClients: [
            { id: 'client-1', mac: 'f60000000a01', ip: '192.168.0.10', enable: true },
            { id: 'client-2', mac: 'f60000000a02', ip: '192.168.0.11', enable: true },
            { id: 'client-3', mac: 'f60000000a03', ip: '192.168.0.12', enable: false },
          ],
        },
        status: {
          upTime: 3610,
          ipv6: '2001:db8::a',
          simStatus: 'READY',
          networkType: 'NR',
          signalStrength: 10,
        },
        model: { brand: 'Generated brand' },
        customer: { name: 'Generated customer 11' },
      },
    });
  });

  it('that break no rule, and stay as they are when it runs again', async () => {
    const { errors } = await asAdmin(`mutation { updateNetworkDevice(id: "${DEVICE}", input: {
      wifi: { bandsteering: true, ssid: "One", ssid5G: "One", ssid6G: "One",
        password: "one password", password5G: "one password", password6G: "one password" },
      dhcp: { ipPoolStart: "192.168.0.90" }
    }) { version } }`);
    expect(errors).toEqual([]);
    expect(await generate()).toMatchObject({ code: 0 });
    const { data } = await asAdmin(`{ networkDevice(id: "${DEVICE}") { version wifi { ssid } } }`);
    expect(data).toEqual({ networkDevice: { version: 2, wifi: { ssid: 'One' } } });
  });
});
