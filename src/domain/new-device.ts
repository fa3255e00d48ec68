import type { Device } from './device.js';

/** A device that is to be inserted; its model and customer by id. */
export interface NewDevice extends Omit<
  Device,
  | 'model'
  | 'customer'
  | 'version'
  | 'jobs'
  | 'hasRunningJob'
  | 'hasOpenRemoval'
  | 'isGivenUp'
  | 'createdAt'
  | 'updatedAt'
> {
  readonly modelId: string;
  readonly customerId: string;
}

/** A customer that is to be inserted; its place in the tree is the database's to know. */
export interface NewCustomer {
  readonly id: string;
  readonly name: string;
  readonly parentResellerId: string | null;
}
