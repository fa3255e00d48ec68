import type { GatewayParts } from './context.js';

/** Runs a statement when the request has one of its slots free. */
type WithSlot = <T>(statement: () => Promise<T>) => Promise<T>;

/**
 * The parts of one request: a document of many fields does not run them all at once, and others find connections. What
 * several requests read or write by one statement is not counted; mutations run one after the other anyway.
 */
export function requestParts(parts: GatewayParts, withSlot: WithSlot): GatewayParts {
  return {
    ...parts,
    catalog: limitedCatalog(parts, withSlot),
    deviceLists: limitedDeviceLists(parts, withSlot),
    customerLists: limitedCustomerLists(parts, withSlot),
  };
}

function limitedCatalog({ catalog }: GatewayParts, withSlot: WithSlot): GatewayParts['catalog'] {
  return {
    // Prisma makes one statement of those that are asked for at once.
    findCustomer: catalog.findCustomer,
    findDeviceModels: async (...args) => await withSlot(async () => await catalog.findDeviceModels(...args)),
    listDeviceModels: async (...args) => await withSlot(async () => await catalog.listDeviceModels(...args)),
  };
}

function limitedDeviceLists({ deviceLists }: GatewayParts, withSlot: WithSlot): GatewayParts['deviceLists'] {
  return {
    findMany: async (...args) => await withSlot(async () => await deviceLists.findMany(...args)),
    page: async (...args) => await withSlot(async () => await deviceLists.page(...args)),
    count: async (...args) => await withSlot(async () => await deviceLists.count(...args)),
    counts: async (...args) => await withSlot(async () => await deviceLists.counts(...args)),
  };
}

function limitedCustomerLists(
  { customerLists }: GatewayParts,
  withSlot: WithSlot,
): GatewayParts['customerLists'] {
  return {
    findMany: async (...args) => await withSlot(async () => await customerLists.findMany(...args)),
    page: async (...args) => await withSlot(async () => await customerLists.page(...args)),
    count: async (...args) => await withSlot(async () => await customerLists.count(...args)),
  };
}
