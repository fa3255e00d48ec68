import { randomUUID } from 'node:crypto';
import { NO_SETTINGS } from '../../domain/device.js';
import { namesOfChanges } from '../../domain/device-changes.js';
import { ownRequestId } from '../../domain/request-id.js';
import type { NewCustomer, NewDevice } from '../../domain/new-device.js';
import type { DeviceModel } from '../../domain/device-model.js';
import { toDeviceModel } from './catalog-store.js';
import type { Prisma } from '../database/prisma-over-pool.js';
import { type DeviceSecrets, sealWifi } from '../../secrets/device-secrets.js';
import type { DeviceAction } from '../../domain/device-history.js';
import { settingsColumns } from '../rows/settings-columns.js';

/** Writes a fleet in one transaction. Records that are there already are left alone; the counts are those of new ones. */
export interface FleetWriter {
  readonly knownCustomers: (ids: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly knownDeviceModels: (ids: readonly string[]) => Promise<readonly DeviceModel[]>;
  /** MAC addresses among those of the devices that a device with another id already has. */
  readonly macsOfOthers: (devices: readonly NewDevice[]) => Promise<ReadonlySet<string>>;
  /** @param customers parents before their children */
  readonly insertCustomers: (customers: readonly NewCustomer[]) => Promise<number>;
  readonly insertDeviceModels: (models: readonly DeviceModel[]) => Promise<number>;
  readonly insertDevices: (devices: readonly NewDevice[]) => Promise<number>;
}

type Transaction = Parameters<Parameters<Prisma['$transaction']>[0]>[0];

/** PostgreSQL takes at most 65,535 parameters in one statement. */
const CHUNK = 10_000;

/** Maximum number of customers in one statement: each costs as much as stands above it, and a long chain would time out. */
const CUSTOMER_CHUNK = 20;
const TIMEOUT_MS = 30 * 60_000;

/** Runs `work` with a writer; what it wrote is committed when it returns and dropped when it throws. */
export async function writeFleet<T>(
  prisma: Prisma,
  secrets: DeviceSecrets,
  work: (writer: FleetWriter) => Promise<T>,
): Promise<T> {
  const importId = ownRequestId(randomUUID());
  return await prisma.$transaction(async (tx) => await work(fleetWriter(tx, secrets, importId)), {
    timeout: TIMEOUT_MS,
  });
}

function fleetWriter(tx: Transaction, secrets: DeviceSecrets, importId: string): FleetWriter {
  return {
    knownCustomers: async (ids) => {
      const rows = await inChunks(ids, async (chunk) => {
        return await tx.customer.findMany({ where: { id: { in: chunk } }, select: { id: true } });
      });
      return new Set(rows.map(({ id }) => id));
    },
    knownDeviceModels: async (ids) =>
      (
        await inChunks(ids, async (chunk) => await tx.deviceModel.findMany({ where: { id: { in: chunk } } }))
      ).map(toDeviceModel),
    macsOfOthers: async (devices) => await macsOfOthers(tx, devices),
    insertCustomers: async (customers) => {
      const insert = async (data: NewCustomer[]) => [
        await tx.customer.createMany({ data, skipDuplicates: true }),
      ];
      const counts = await inChunks(customers, insert, CUSTOMER_CHUNK);
      return sum(counts.map(({ count }) => count));
    },
    insertDeviceModels: async (models) => {
      const data = models.map(({ capabilities, ...model }) => ({ ...model, ...capabilities }));
      return (await tx.deviceModel.createMany({ data, skipDuplicates: true })).count;
    },
    insertDevices: async (devices) => await insertDevices(tx, secrets, devices, importId),
  };
}

async function macsOfOthers(tx: Transaction, devices: readonly NewDevice[]): Promise<ReadonlySet<string>> {
  const idByMac = new Map(devices.map(({ id, macAddress }) => [macAddress, id]));
  const rows = await inChunks([...idByMac.keys()], async (chunk) => {
    const where = { macAddress: { in: chunk } };
    return await tx.networkDevice.findMany({ where, select: { id: true, macAddress: true } });
  });
  const known = await knownDevices(tx, devices);
  const ofOthers = rows.filter(({ id, macAddress }) => {
    const wanted = idByMac.get(macAddress);
    // A device that is there already is left alone, whatever the file says of it.
    return wanted !== id && wanted !== undefined && !known.has(wanted);
  });
  return new Set(ofOthers.map(({ macAddress }) => macAddress));
}

async function knownDevices(tx: Transaction, devices: readonly NewDevice[]): Promise<ReadonlySet<string>> {
  const rows = await inChunks(devices, async (chunk) => {
    const where = { id: { in: chunk.map(({ id }) => id) } };
    return await tx.networkDevice.findMany({ where, select: { id: true } });
  });
  return new Set(rows.map(({ id }) => id));
}

/** A device that comes in the middle of being provisioned is provisioned from here. */
export function needsJob({ state }: NewDevice): boolean {
  return state === 'PROVISIONING';
}

/** Who the audit trail says it was. */
const IMPORTER = 'import';
const IMPORT: DeviceAction = 'IMPORT';

/** A new device as a row of `network_device`, by column; its moments are left to whoever inserts it. */
export function deviceRow(device: NewDevice, secrets: DeviceSecrets): Readonly<Record<string, unknown>> {
  return {
    id: device.id,
    customer_id: device.customerId,
    model_id: device.modelId,
    version: 1,
    state: device.state,
    jobs: needsJob(device) ? 1 : 0,
    provisioned: device.status?.provisioned ?? null,
    ...settingsColumns({ ...device, wifi: sealWifi(secrets, device.id, device.wifi) }),
  };
}

/** One statement each for the devices, their jobs, their status and their audit entries, whatever their number. */
async function insertDevices(
  tx: Transaction,
  secrets: DeviceSecrets,
  devices: readonly NewDevice[],
  importId: string,
): Promise<number> {
  const known = await knownDevices(tx, devices);
  const added = devices.filter(({ id }) => !known.has(id));
  const now = new Date();
  const rows = added.map((device) => ({ ...deviceRow(device, secrets), created_at: now, updated_at: now }));
  // The names are those of `deviceRow`; what the database makes itself may not be among them.
  const columns = Object.keys(rows[0] ?? { id: '' }).join(', ');
  await tx.$executeRawUnsafe(
    `INSERT INTO network_device (${columns})
     SELECT ${columns} FROM jsonb_populate_recordset(NULL::network_device, $1::jsonb)`,
    JSON.stringify(rows),
  );
  await tx.provisioningJob.createMany({
    data: added.filter(needsJob).map(({ id }) => ({ deviceId: id, version: 1 })),
  });
  await tx.deviceStatus.createMany({
    data: added.flatMap(({ id, status }) => {
      if (status === null) return [];
      const { provisioned: _, ...reported } = status;
      return [{ deviceId: id, ...reported }];
    }),
  });
  await tx.deviceAudit.createMany({
    data: added.map((device) => {
      const paths = [...namesOfChanges(NO_SETTINGS, device)];
      return {
        deviceId: device.id,
        version: 1,
        action: IMPORT,
        paths,
        subject: IMPORTER,
        requestId: importId,
        customerId: device.customerId,
        oldValues: {},
      };
    }),
  });
  return added.length;
}

async function inChunks<T, R>(
  items: readonly T[],
  run: (chunk: T[]) => Promise<readonly R[]>,
  size = CHUNK,
): Promise<readonly R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await run(items.slice(start, start + size))));
  }
  return results;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
