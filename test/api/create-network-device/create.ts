import { z } from 'zod';
import { newId, newMac, type GraphqlAnswer, type TestGateway } from '../../support/gateway.js';

const CREATE = `mutation ($input: DeviceCreateInput!, $dryRun: Boolean, $key: String) {
  createNetworkDevice(input: $input, dryRun: $dryRun, idempotencyKey: $key) {
    id version state name notes jobs macAddress serialNumber mvnoAccount createdAt updatedAt
    model { id } customer { id } wifi { enabled ssid } dhcp { enable reservedClients { mac } } status { provisioned online }
  }
}`;

/** Puts a device model into the database. @returns its id */
export async function createModel({ sql }: TestGateway, can = true): Promise<string> {
  const id = newId();
  await sql.query(
    `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
      VALUES ($1, 'NX-510', 'ROUTER', $2, $2, $2, $2, $2)`,
    [id, can],
  );
  return id;
}

/** Creates a device, with a MAC address of its own unless the input has one. */
export async function create(
  gateway: Pick<TestGateway, 'query'>,
  token: string,
  input: Readonly<Record<string, unknown>>,
  dryRun = false,
  key: string | null = null,
): Promise<GraphqlAnswer> {
  const variables = { input: { macAddress: newMac(), ...input }, dryRun, key };
  return await gateway.query(CREATE, { token, variables });
}

/** The id of the device that was created. */
export function idIn(answer: GraphqlAnswer): string {
  if (answer.errors.length > 0) throw new Error(JSON.stringify(answer.errors));
  return z.object({ createNetworkDevice: z.object({ id: z.string() }) }).parse(answer.data)
    .createNetworkDevice.id;
}

/** The code of the first error, and the paths of its violations. */
export function faultOf({ errors }: GraphqlAnswer): readonly (string | undefined)[] {
  const { code, violations = [] } = errors[0]?.extensions ?? {};
  return [code, ...violations.map(({ path }) => path)];
}
