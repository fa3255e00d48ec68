import type { DeviceModel } from '../../domain/device-model.js';
import type { FleetWriter } from '../../persistence/devices/fleet-writer.js';
import { deviceErrors, type Fleet, parseFleet } from './parse-fleet.js';

/** What became of an import: how many records were new, or every error with its place in the file. */
export type ImportOutcome =
  | {
      readonly inserted: {
        readonly customers: number;
        readonly deviceModels: number;
        readonly devices: number;
      };
    }
  | { readonly errors: readonly string[] };

/** Called while devices are written. */
export type ImportProgress = (done: number, total: number) => void;

const BATCH = 1_000;

/**
 * Loads a fleet: absent records are inserted, present ones left alone, all or nothing.
 * @param content the parsed JSON of a fleet file
 * @param now the moment that those of the file are compared with
 */
export async function importFleet(
  write: <T>(work: (writer: FleetWriter) => Promise<T>) => Promise<T>,
  content: unknown,
  onProgress: ImportProgress,
  now: Date,
): Promise<ImportOutcome> {
  const parsed = parseFleet(content, now);
  if ('errors' in parsed) return parsed;
  try {
    return await write(async (writer) => await insertFleet(writer, parsed.fleet, onProgress));
  } catch (error) {
    if (error instanceof FleetErrors) return { errors: error.errors };
    throw error;
  }
}

/** Thrown inside the transaction, so that nothing of the file is written. */
class FleetErrors extends Error {
  override readonly name = 'FleetErrors';

  constructor(readonly errors: readonly string[]) {
    super('The fleet breaks rules.');
  }
}

async function insertFleet(
  writer: FleetWriter,
  fleet: Fleet,
  onProgress: ImportProgress,
): Promise<ImportOutcome> {
  refuse(await customerErrors(writer, fleet));
  const customers = await writer.insertCustomers(parentsFirst(fleet));
  const deviceModels = await writer.insertDeviceModels(fleet.deviceModels);
  const models = await modelsOf(writer, fleet);
  refuse(await allDeviceErrors(writer, fleet, models));
  let devices = 0;
  for (let start = 0; start < fleet.devices.length; start += BATCH) {
    devices += await writer.insertDevices(fleet.devices.slice(start, start + BATCH));
    onProgress(Math.min(start + BATCH, fleet.devices.length), fleet.devices.length);
  }
  return { inserted: { customers, deviceModels, devices } };
}

function refuse(errors: readonly string[]): void {
  if (errors.length > 0) throw new FleetErrors(errors);
}

async function customerErrors(writer: FleetWriter, { customers }: Fleet): Promise<string[]> {
  const depths = depthsInFile(customers);
  const parents = customers.flatMap(({ parentResellerId }) => parentResellerId ?? []);
  const known = await writer.knownCustomers(parents.filter((id) => !depths.has(id)));
  return customers.flatMap(({ id, parentResellerId }, index) => {
    const at = `customers[${index}].parentReseller`;
    if (parentResellerId === null) return [];
    if (!depths.has(parentResellerId) && !known.has(parentResellerId))
      return [`${at}: There is no such customer.`];
    return depths.get(id) === Infinity ? [`${at}: The customers above it form a circle.`] : [];
  });
}

/**
 * How many customers of the file are above each of it; infinitely many where that leads round in a circle. Each customer is
 * looked at once, however long the chain.
 */
function depthsInFile(customers: Fleet['customers']): ReadonlyMap<string, number> {
  const parents = new Map(customers.map(({ id, parentResellerId }) => [id, parentResellerId]));
  const depths = new Map<string, number>();
  for (const { id } of customers) {
    const path = new Set<string>();
    let above: string | null | undefined = id;
    while (typeof above === 'string' && parents.has(above) && !depths.has(above) && !path.has(above)) {
      path.add(above);
      above = parents.get(above);
    }
    const isCircle = typeof above === 'string' && path.has(above);
    let depth = isCircle ? Infinity : (depths.get(above ?? '') ?? -1);
    for (const member of [...path].reverse()) {
      depth += 1;
      depths.set(member, depth);
    }
  }
  return depths;
}

/** A customer can be inserted once its parent is there. */
function parentsFirst({ customers }: Fleet): Fleet['customers'] {
  const depths = depthsInFile(customers);
  const depth = ({ id }: { readonly id: string }): number => depths.get(id) ?? 0;
  return customers.toSorted((one, other) => depth(one) - depth(other));
}

async function modelsOf(writer: FleetWriter, { devices }: Fleet): Promise<ReadonlyMap<string, DeviceModel>> {
  const models = await writer.knownDeviceModels([...new Set(devices.map(({ modelId }) => modelId))]);
  return new Map(models.map((model) => [model.id, model]));
}

async function allDeviceErrors(
  writer: FleetWriter,
  { devices }: Fleet,
  models: ReadonlyMap<string, DeviceModel>,
): Promise<string[]> {
  const customers = await writer.knownCustomers(devices.map(({ customerId }) => customerId));
  const takenMacs = await writer.macsOfOthers(devices);
  return devices.flatMap((device, index) => {
    const model = models.get(device.modelId);
    const errors = [
      ...(model === undefined ? ['model: There is no such device model.'] : deviceErrors(device, model)),
      ...(customers.has(device.customerId) ? [] : ['customer: There is no such customer.']),
      ...(takenMacs.has(device.macAddress) ? ['macAddress: Another device has it.'] : []),
    ];
    return errors.map((error) => `networkDevices[${index}].${error}`);
  });
}
