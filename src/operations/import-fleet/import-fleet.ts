import type { DeviceModel } from '../../domain/device-model.js';
import type { FleetWriter } from '../../persistence/fleet-writer.js';
import { deviceFaults, type Fleet, parseFleet } from './parse-fleet.js';

/** What became of an import: how many records were new, or every fault with its place in the file. */
export type ImportOutcome =
  | {
      readonly inserted: {
        readonly customers: number;
        readonly deviceModels: number;
        readonly devices: number;
      };
    }
  | { readonly faults: readonly string[] };

/** Told while devices are written. */
export type ImportProgress = (done: number, total: number) => void;

const BATCH = 1_000;

/**
 * Loads a fleet: absent records are inserted, present ones left alone, all or nothing.
 * @param content the parsed JSON of a fleet file
 */
export async function importFleet(
  write: <T>(work: (writer: FleetWriter) => Promise<T>) => Promise<T>,
  content: unknown,
  onProgress: ImportProgress,
): Promise<ImportOutcome> {
  const parsed = parseFleet(content);
  if ('faults' in parsed) return parsed;
  try {
    return await write(async (writer) => await insertFleet(writer, parsed.fleet, onProgress));
  } catch (error) {
    if (error instanceof FleetFaults) return { faults: error.faults };
    throw error;
  }
}

/** Thrown inside the transaction, so that nothing of the file is written. */
class FleetFaults extends Error {
  override readonly name = 'FleetFaults';

  constructor(readonly faults: readonly string[]) {
    super('The fleet breaks rules.');
  }
}

async function insertFleet(
  writer: FleetWriter,
  fleet: Fleet,
  onProgress: ImportProgress,
): Promise<ImportOutcome> {
  refuse(await customerFaults(writer, fleet));
  const customers = await writer.insertCustomers(parentsFirst(fleet));
  const deviceModels = await writer.insertDeviceModels(fleet.deviceModels);
  const models = await modelsOf(writer, fleet);
  refuse(await allDeviceFaults(writer, fleet, models));
  let devices = 0;
  for (let start = 0; start < fleet.devices.length; start += BATCH) {
    devices += await writer.insertDevices(fleet.devices.slice(start, start + BATCH));
    onProgress(Math.min(start + BATCH, fleet.devices.length), fleet.devices.length);
  }
  return { inserted: { customers, deviceModels, devices } };
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new FleetFaults(faults);
}

async function customerFaults(writer: FleetWriter, { customers }: Fleet): Promise<string[]> {
  const inFile = new Map(customers.map((customer) => [customer.id, customer]));
  const parents = customers.flatMap(({ parentResellerId }) => parentResellerId ?? []);
  const known = await writer.knownCustomers(parents.filter((id) => !inFile.has(id)));
  return customers.flatMap(({ id, parentResellerId }, index) => {
    const at = `customers[${index}].parentReseller`;
    if (parentResellerId === null) return [];
    if (!inFile.has(parentResellerId) && !known.has(parentResellerId))
      return [`${at}: There is no such customer.`];
    return isBelowItself(id, inFile) ? [`${at}: A customer cannot be below itself.`] : [];
  });
}

type InFile = ReadonlyMap<string, Fleet['customers'][number]>;

function isBelowItself(id: string, inFile: InFile): boolean {
  const seen = new Set<string>();
  let above = inFile.get(id)?.parentResellerId ?? null;
  while (above !== null && above !== id && !seen.has(above)) {
    seen.add(above);
    above = inFile.get(above)?.parentResellerId ?? null;
  }
  return above === id;
}

/** A customer can be inserted once its parent is there. */
function parentsFirst({ customers }: Fleet): Fleet['customers'] {
  const inFile: InFile = new Map(customers.map((customer) => [customer.id, customer]));
  const depths = new Map<string, number>();
  const depth = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const parent = inFile.get(id)?.parentResellerId ?? null;
    const own = parent === null || !inFile.has(parent) ? 0 : depth(parent) + 1;
    depths.set(id, own);
    return own;
  };
  return customers.toSorted((one, other) => depth(one.id) - depth(other.id));
}

async function modelsOf(writer: FleetWriter, { devices }: Fleet): Promise<ReadonlyMap<string, DeviceModel>> {
  const models = await writer.knownDeviceModels([...new Set(devices.map(({ modelId }) => modelId))]);
  return new Map(models.map((model) => [model.id, model]));
}

async function allDeviceFaults(
  writer: FleetWriter,
  { devices }: Fleet,
  models: ReadonlyMap<string, DeviceModel>,
): Promise<string[]> {
  const customers = await writer.knownCustomers(devices.map(({ customerId }) => customerId));
  const takenMacs = await writer.macsOfOthers(devices);
  return devices.flatMap((device, index) => {
    const model = models.get(device.modelId);
    const faults = [
      ...(model === undefined ? ['model: There is no such device model.'] : deviceFaults(device, model)),
      ...(customers.has(device.customerId) ? [] : ['customer: There is no such customer.']),
      ...(takenMacs.has(device.macAddress) ? ['macAddress: Another device has it.'] : []),
    ];
    return faults.map((fault) => `networkDevices[${index}].${fault}`);
  });
}
