import { z } from 'zod';
import type { TestDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, queryAt, type TestGateway } from '../../support/gateway.js';

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int, $dryRun: Boolean, $key: String) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion, dryRun: $dryRun, idempotencyKey: $key) {
    id version name notes macAddress wifi { ssid password }
  }
}`;

const RETRY = `mutation ($id: ID!, $key: String) {
  retryProvisioning(id: $id, idempotencyKey: $key) { id version name }
}`;

const device = z.object({ id: z.string(), version: z.int(), name: z.string() });
const answer = z.record(z.string(), device.loose().nullable()).nullable();

/** What a call with a key answered. */
export interface KeyedOutcome {
  readonly device: z.infer<typeof device> | null;
  readonly codes: readonly string[];
  readonly errors: GraphqlAnswer['errors'];
}

/** The arguments of an update beside its device, and how it is sent. */
export interface KeyedCall {
  readonly key?: string | null;
  readonly input?: object;
  readonly id?: string;
  readonly expectedVersion?: number | null;
  readonly dryRun?: boolean | null;
  readonly token?: string;
  readonly url?: string;
}

/** Updates a device as its owner unless a token is given. */
export async function keyedUpdate(
  gateway: TestGateway,
  { id, customer }: TestDevice,
  { token, url = gateway.url, ...call }: KeyedCall,
): Promise<KeyedOutcome> {
  const bearer = token ?? (await gateway.token('OWNER', customer));
  return toOutcome(await queryAt(url, UPDATE, { token: bearer, variables: { id, input: {}, ...call } }));
}

/** The same for a retry. */
export async function keyedRetry(
  gateway: TestGateway,
  { id, customer }: TestDevice,
  key: string | null,
): Promise<KeyedOutcome> {
  const token = await gateway.token('OWNER', customer);
  return toOutcome(await gateway.query(RETRY, { token, variables: { id, key } }));
}

function toOutcome({ data, errors }: GraphqlAnswer): KeyedOutcome {
  const [found = null] = Object.values(answer.parse(data ?? null) ?? {});
  return { device: found, codes: errors.map(({ extensions }) => extensions.code), errors };
}

/** What is stored of a device: its version, jobs ever made, audit entries, and keys of the whole database. */
export async function effectsOn({ sql }: TestGateway, { id }: TestDevice): Promise<object> {
  const { rows } = await sql.query<object>(
    `SELECT version, (SELECT count(*)::integer FROM provisioning_job j WHERE j.device_id = d.id) AS jobs,
       (SELECT count(*)::integer FROM device_audit a WHERE a.device_id = d.id AND a.action <> 'IMPORT') AS audited,
       (SELECT count(*)::integer FROM idempotency_key k WHERE k.object_id = d.id) AS keys
     FROM network_device d WHERE id = $1`,
    [id],
  );
  return rows[0] ?? {};
}
