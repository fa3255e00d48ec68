import type { DeviceModel } from '../../domain/device-model.js';
import type { DeviceModel as DeviceModelRow } from '../../generated/prisma/client.js';
import type { Prisma } from '../database/prisma-over-pool.js';

/** Customers and device models: small, read by id, changed by imports only. */
export interface CatalogStore {
  readonly findCustomer: (id: string) => Promise<{ readonly id: string; readonly name: string } | null>;
  readonly findDeviceModels: (ids: readonly string[]) => Promise<DeviceModel[]>;
  /** The first models in order of id. */
  readonly listDeviceModels: (limit: number) => Promise<readonly DeviceModel[]>;
}

/** The customers and models of this database. */
export function catalogStore(prisma: Prisma): CatalogStore {
  return {
    findCustomer: async (id) =>
      await prisma.customer.findUnique({ where: { id }, select: { id: true, name: true } }),
    findDeviceModels: async (ids) => {
      const rows = await prisma.deviceModel.findMany({ where: { id: { in: [...ids] } } });
      return rows.map(toDeviceModel);
    },
    listDeviceModels: async (limit) => {
      const rows = await prisma.deviceModel.findMany({ orderBy: { id: 'asc' }, take: limit });
      return rows.map(toDeviceModel);
    },
  };
}

/** The row of a device model as the domain sees it. */
export function toDeviceModel({
  wifi,
  wifi2G,
  wifi5G,
  wifi6G,
  simSupport,
  ...model
}: DeviceModelRow): DeviceModel {
  return { ...model, capabilities: { wifi, wifi2G, wifi5G, wifi6G, simSupport } };
}
