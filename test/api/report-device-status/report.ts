import { expect } from 'vitest';
import { z } from 'zod';
import type { TestDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, newId, type TestGateway } from '../../support/gateway.js';

/** Every field of a status that a report can change, by its name in the input and in the answer. */
const STATUS = `provisioned lastComm online lanIp subnetMask gateway wanIp publicIp upTime dns dns2 ipv6 ipv6Dns ipv6Dns2
  simStatus: simStatusCode networkType: networkTypeCode signalStrength ssSignalStrength uplinkRate downlinkRate connectionTime`;

const REPORT = `mutation ($reports: [DeviceStatusReport!]!) {
  reportDeviceStatus(reports: $reports) { id version status { ${STATUS} } }
}`;
const READ = `query ($id: ID!) { networkDevice(id: $id) { id version updatedAt state jobs status { ${STATUS} } } }`;

const status = z.record(z.string(), z.unknown()).nullable();
const device = z.object({ id: z.string(), version: z.int(), status });
const reportAnswer = z.object({ reportDeviceStatus: z.array(device.nullable()).nullable() });
const readAnswer = z.object({
  networkDevice: device.extend({ updatedAt: z.string(), state: z.string(), jobs: z.int() }),
});

type Status = Readonly<Record<string, unknown>>;

/** A report as tests send it; some hold what the schema does not know. */
export type Report = Readonly<Record<string, unknown>>;

/** What the mutation answered. */
export interface ReportOutcome {
  /** Null when the whole was refused. */
  readonly devices: readonly (z.infer<typeof device> | null)[] | null;
  readonly errors: GraphqlAnswer['errors'];
}

/** A token that holds the scope and, unless they are given, neither level nor customer. */
export async function scopeToken(
  { app }: TestGateway,
  claims: Pick<
    NonNullable<Parameters<NonNullable<typeof app.issuer>['issue']>[0]>,
    'level' | 'customerId'
  > = {},
): Promise<string> {
  if (app.issuer === undefined) throw new Error('This gateway has no local issuer.');
  return await app.issuer.issue({ subject: 'collector', scope: 'status:report', ...claims }, '5m');
}

/** Runs the mutation as ADMIN, who gets the status in the answer, or with a token of the test. */
export async function report(
  gateway: TestGateway,
  reports: readonly Report[],
  token?: string,
): Promise<ReportOutcome> {
  const { data, errors } = await gateway.query(REPORT, {
    token: token ?? (await gateway.token('ADMIN', newId())),
    variables: { reports },
  });
  return { devices: reportAnswer.parse(data).reportDeviceStatus, errors };
}

/** Reports on one device, which must succeed. @returns its status as answered */
export async function reported(gateway: TestGateway, { id }: TestDevice, values: Report): Promise<Status> {
  const { devices, errors } = await report(gateway, [{ device: id, ...values }]);
  expect(errors).toEqual([]);
  expect(devices).toHaveLength(1);
  expect(devices?.[0]?.id).toBe(id);
  return z.record(z.string(), z.unknown()).parse(devices?.[0]?.status);
}

/** The device as a query tells it afterwards. */
export async function read(gateway: TestGateway, { id, customer }: TestDevice) {
  const token = await gateway.token('VIEWER', customer);
  const { data, errors } = await gateway.query(READ, { token, variables: { id } });
  expect(errors).toEqual([]);
  return readAnswer.parse(data).networkDevice;
}

/** The status of a device as it is stored, byte for byte; undefined when there is none. */
export async function storedStatus({ sql }: TestGateway, { id }: Pick<TestDevice, 'id'>): Promise<unknown> {
  const { rows } = await sql.query<{ line: string }>(
    'SELECT s::text AS line FROM device_status s WHERE device_id = $1',
    [id],
  );
  return rows[0]?.line;
}

/** How many changes of a device were written down. */
export async function changesOf({ sql }: TestGateway, { id }: Pick<TestDevice, 'id'>): Promise<number> {
  const text = 'SELECT count(*)::integer AS total FROM device_change WHERE device_id = $1';
  const { rows } = await sql.query<{ total: number }>(text, [id]);
  return z.int().parse(rows[0]?.total);
}
