import { insertFleet } from './device-rows.js';
import type { TestGateway } from './gateway.js';
import { newId, newMac } from './gateway.js';

const WIFI = {
  enabled: true,
  ssid: 'SkyNet',
  password: 'JohnConner',
  enabled5G: true,
  ssid5G: 'Need4Speed',
  password5G: 'SarahConner',
  enabled6G: false,
  ssid6G: null,
  password6G: null,
  bandsteering: false,
};

const DHCP = {
  enable: true,
  ipPoolStart: '192.168.0.100',
  ipPoolEnd: '192.168.0.200',
  leaseTime: 10,
  primaryDnsServer: '8.8.8.8',
  reservedClients: [{ mac: '123456789013', ip: '192.168.0.10', enable: true, id: 'r8jf84fv' }],
};

const STATUS = {
  provisioned: true,
  lastComm: '2025-01-01T00:00:00.000Z',
  online: true,
  lanIp: '192.168.0.1',
  subnetMask: '255.255.255.0',
  simStatus: '1',
  networkType: '32',
};

const CAPABILITIES = { wifi: true, wifi2G: true, wifi5G: true, wifi6G: true, simSupport: true };

/** What a test wants to be different about its device; the rest is Johns router. */
export interface DeviceWishes {
  readonly id?: string;
  readonly customer?: string;
  readonly state?: 'ACTIVE' | 'PROVISIONING' | 'DELETING';
  readonly name?: string;
  readonly notes?: string | null;
  readonly macAddress?: string;
  readonly serialNumber?: string | null;
  readonly mvnoAccount?: string | null;
  readonly wifi?: Partial<Record<keyof typeof WIFI, unknown>> | null;
  readonly dhcp?: Partial<Record<keyof typeof DHCP, unknown>> | null;
  readonly status?: Partial<Record<keyof typeof STATUS, unknown>> | null;
  readonly capabilities?: Partial<typeof CAPABILITIES>;
}

/** A device of a test, with a model and, unless it was given, a customer of its own. */
export interface TestDevice {
  readonly id: string;
  readonly customer: string;
  readonly macAddress: string;
}

/** Where the data of a test goes. */
type Target = Pick<TestGateway, 'sql' | 'secrets'>;

/** Puts a customer into the database. @returns its id */
export async function createCustomer(
  { sql }: Pick<Target, 'sql'>,
  parentReseller: string | null = null,
  id = newId(),
): Promise<string> {
  await sql.query('INSERT INTO customer (id, name, parent_reseller_id) VALUES ($1, $2, $3)', [
    id,
    `Customer ${id}`,
    parentReseller,
  ]);
  return id;
}

/** Puts a device into the database as an import does. */
export async function createDevice(gateway: Target, wishes: DeviceWishes = {}): Promise<TestDevice> {
  const device = {
    id: wishes.id ?? newId(),
    customer: wishes.customer ?? (await createCustomer(gateway)),
    macAddress: wishes.macAddress ?? newMac(),
  };
  const model = newId();
  const fleet = {
    deviceModels: [
      {
        id: model,
        name: 'NX-510',
        type: 'ROUTER',
        capabilities: { ...CAPABILITIES, ...wishes.capabilities },
      },
    ],
    networkDevices: [
      {
        ...device,
        model,
        state: wishes.state ?? 'ACTIVE',
        name: wishes.name ?? 'Johns router',
        serialNumber: wishes.serialNumber ?? null,
        mvnoAccount: wishes.mvnoAccount ?? null,
        notes: wishes.notes === undefined ? 'Note about device' : wishes.notes,
        wifi: wishes.wifi === null ? null : { ...WIFI, ...wishes.wifi },
        dhcp: wishes.dhcp === null ? null : { ...DHCP, ...wishes.dhcp },
        status: wishes.status === null ? null : { ...STATUS, ...wishes.status },
      },
    ],
  };
  await insertFleet(gateway.sql, gateway.secrets, fleet);
  return device;
}
