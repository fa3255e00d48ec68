import { expect } from 'vitest';
import { z } from 'zod';
import type { TestDevice } from '../../support/fleet.js';
import type { GraphqlAnswer, TestGateway } from '../../support/gateway.js';

const SETTINGS = `name notes macAddress serialNumber mvnoAccount
  wifi { enabled ssid password enabled5G ssid5G password5G enabled6G ssid6G password6G bandsteering }
  dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { mac ip enable id } }`;

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int, $dryRun: Boolean) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion, dryRun: $dryRun) {
    version state jobs updatedAt ${SETTINGS}
  }
}`;

const READ = `query ($id: ID!) { networkDevice(id: $id) { version state jobs updatedAt ${SETTINGS} } }`;

const deviceAnswer = z.strictObject({
  version: z.int(),
  state: z.string(),
  jobs: z.int(),
  updatedAt: z.string(),
  name: z.string(),
  notes: z.string().nullable(),
  macAddress: z.string(),
  serialNumber: z.string().nullable(),
  mvnoAccount: z.string().nullable(),
  wifi: z.record(z.string(), z.unknown()).nullable(),
  dhcp: z.record(z.string(), z.unknown()).nullable(),
});

/** What an answer says of a device: every value that an update can change, and its version. */
export type DeviceAnswer = z.infer<typeof deviceAnswer>;

const updateAnswer = z.object({ updateNetworkDevice: deviceAnswer.nullable() });
const readAnswer = z.object({ networkDevice: deviceAnswer });

/** An input of the mutation; tests also send what the schema does not know. */
export type Input = Readonly<Record<string, unknown>>;

/** The other arguments of the mutation. */
export interface UpdateOptions {
  readonly expectedVersion?: number | null;
  readonly dryRun?: boolean | null;
}

/** What the mutation answered. */
export interface UpdateOutcome {
  readonly device: DeviceAnswer | null;
  readonly errors: GraphqlAnswer['errors'];
}

/** Runs the mutation as a manager of the device's customer. */
export async function update(
  gateway: TestGateway,
  { id, customer }: TestDevice,
  input: Input,
  options: UpdateOptions = {},
): Promise<UpdateOutcome> {
  const token = await gateway.token('MANAGER', customer);
  const { data, errors } = await gateway.query(UPDATE, { token, variables: { id, input, ...options } });
  return { device: updateAnswer.parse(data).updateNetworkDevice, errors };
}

/** Runs the mutation, which must succeed. @returns the device as answered */
export async function updated(
  gateway: TestGateway,
  device: TestDevice,
  input: Input,
  options: UpdateOptions = {},
): Promise<DeviceAnswer> {
  const outcome = await update(gateway, device, input, options);
  expect(outcome.errors).toEqual([]);
  return deviceAnswer.parse(outcome.device);
}

/** The device as a query tells it afterwards. */
export async function read(gateway: TestGateway, { id, customer }: TestDevice): Promise<DeviceAnswer> {
  const token = await gateway.token('MANAGER', customer);
  const { data, errors } = await gateway.query(READ, { token, variables: { id } });
  expect(errors).toEqual([]);
  return readAnswer.parse(data).networkDevice;
}

/** The device's row byte for byte, `version` and `updated_at` included. */
export async function storedRow({ sql }: TestGateway, { id }: TestDevice): Promise<string> {
  const { rows } = await sql.query('SELECT d::text AS line FROM network_device d WHERE id = $1', [id]);
  return z.tuple([z.object({ line: z.string() })]).parse(rows)[0].line;
}

/** Holds that an update is refused for exactly these values, in this order, and that nothing is written. */
export async function expectRefused(
  gateway: TestGateway,
  device: TestDevice,
  input: Input,
  paths: readonly string[],
  options: UpdateOptions = {},
): Promise<void> {
  const before = await storedRow(gateway, device);
  const { device: answer, errors } = await update(gateway, device, input, options);
  expect(answer).toBeNull();
  expect(errors).toHaveLength(1);
  const { code, rest, violations, deviceId, retryable } = errors[0]?.extensions ?? {};
  expect(violations?.map(({ path }) => path)).toEqual(paths);
  for (const violation of violations ?? []) {
    expect(violation).toMatchObject({ code: 'INVALID_VALUE', rest: { code: 422, message: violation.path } });
  }
  expect({ code, rest, deviceId, retryable }).toEqual({
    code: 'INVALID_VALUE',
    rest: { code: 422, message: paths[0] },
    deviceId: device.id,
    retryable: false,
  });
  expect(errors[0]?.message).toBe(violations?.[0]?.message);
  expect(await storedRow(gateway, device)).toBe(before);
}

/** What an update can change of a device. */
export function settingsOf({
  version: _,
  state: __,
  jobs: ___,
  updatedAt: ____,
  ...settings
}: DeviceAnswer): Omit<DeviceAnswer, 'version' | 'state' | 'jobs' | 'updatedAt'> {
  return settings;
}

/** Holds that an update has an effect: one version more, and a query afterwards finds what was answered. */
export async function expectAccepted(
  gateway: TestGateway,
  device: TestDevice,
  input: Input,
): Promise<DeviceAnswer> {
  const { version } = await read(gateway, device);
  const answer = await updated(gateway, device, input);
  expect(answer.version).toBe(version + 1);
  expect(settingsOf(await read(gateway, device))).toEqual(settingsOf(answer));
  return answer;
}

/** The rows of a table under their names, for titles that are neither quoted nor cut. */
export function byRule<T extends { readonly rule: string }>(rows: readonly T[]): [string, T][] {
  return rows.map((row) => [row.rule, row]);
}
