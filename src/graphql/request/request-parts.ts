import type { Semaphore } from '../../timing/semaphore.js';
import type { GatewayParts } from './context.js';

/** Runs statements of a request when it has one of its slots free. */
type StatementSlots = Pick<Semaphore, 'run'>;

/**
 * The parts of one request: a document of many fields does not run them all at once, and others find connections. What
 * several requests read or write by one statement is not counted; mutations run one after the other anyway.
 */
export function requestParts(parts: GatewayParts, slots: StatementSlots): GatewayParts {
  return {
    ...parts,
    catalog: limitedCatalog(parts, slots),
    deviceLists: limitedDeviceLists(parts, slots),
    customerLists: limitedCustomerLists(parts, slots),
  };
}

function limitedCatalog({ catalog }: GatewayParts, slots: StatementSlots): GatewayParts['catalog'] {
  return {
    // Prisma makes one statement of those that are asked for at once.
    findCustomer: catalog.findCustomer,
    findDeviceModels: async (...args) => await slots.run(async () => await catalog.findDeviceModels(...args)),
    listDeviceModels: async (...args) => await slots.run(async () => await catalog.listDeviceModels(...args)),
  };
}

function limitedDeviceLists(
  { deviceLists }: GatewayParts,
  slots: StatementSlots,
): GatewayParts['deviceLists'] {
  return {
    findMany: async (...args) => await slots.run(async () => await deviceLists.findMany(...args)),
    page: async (...args) => await slots.run(async () => await deviceLists.page(...args)),
    count: async (...args) => await slots.run(async () => await deviceLists.count(...args)),
    counts: async (...args) => await slots.run(async () => await deviceLists.counts(...args)),
  };
}

function limitedCustomerLists(
  { customerLists }: GatewayParts,
  slots: StatementSlots,
): GatewayParts['customerLists'] {
  return {
    findMany: async (...args) => await slots.run(async () => await customerLists.findMany(...args)),
    page: async (...args) => await slots.run(async () => await customerLists.page(...args)),
    count: async (...args) => await slots.run(async () => await customerLists.count(...args)),
  };
}
