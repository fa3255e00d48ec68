import type { GatewayParts } from './context.js';

/** Runs a statement when the request has one of its slots free. */
type WithSlot = <T>(statement: () => Promise<T>) => Promise<T>;

/**
 * The parts of one request: a document of many fields does not run them all at once, and others find connections. What
 * several requests read or write by one statement is not counted; mutations run one after the other anyway.
 */
export function requestParts(parts: GatewayParts, withSlot: WithSlot): GatewayParts {
  const { catalog, deviceLists, customerLists } = parts;
  return {
    ...parts,
    catalog: {
      // Prisma makes one statement of those that are asked for at once.
      findCustomer: catalog.findCustomer,
      findDeviceModels: async (...args) =>
        await withSlot(async () => await catalog.findDeviceModels(...args)),
      listDeviceModels: async (...args) =>
        await withSlot(async () => await catalog.listDeviceModels(...args)),
    },
    deviceLists: {
      findMany: async (...args) => await withSlot(async () => await deviceLists.findMany(...args)),
      page: async (...args) => await withSlot(async () => await deviceLists.page(...args)),
      count: async (...args) => await withSlot(async () => await deviceLists.count(...args)),
    },
    customerLists: {
      findMany: async (...args) => await withSlot(async () => await customerLists.findMany(...args)),
      page: async (...args) => await withSlot(async () => await customerLists.page(...args)),
      count: async (...args) => await withSlot(async () => await customerLists.count(...args)),
    },
  };
}
