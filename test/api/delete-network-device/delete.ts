import { z } from 'zod';
import type { TestDevice } from '../../support/fleet.js';
import type { GraphqlAnswer, TestGateway } from '../../support/gateway.js';

const DELETE = `mutation ($id: ID!, $force: Boolean, $expectedVersion: Int, $key: String) {
  deleteNetworkDevice(id: $id, force: $force, expectedVersion: $expectedVersion, idempotencyKey: $key) {
    id version state jobs name macAddress
  }
}`;

/** The arguments of a delete beside its device. */
export interface DeleteArgs {
  readonly force?: boolean;
  readonly expectedVersion?: number;
  readonly key?: string;
}

/** Deletes a device as its owner unless a token is given. */
export async function deleteDevice(
  gateway: TestGateway,
  { id, customer }: Pick<TestDevice, 'id' | 'customer'>,
  args: DeleteArgs = {},
  token?: string,
): Promise<GraphqlAnswer> {
  const bearer = token ?? (await gateway.token('OWNER', customer));
  return await gateway.query(DELETE, { token: bearer, variables: { id, ...args } });
}

const READ = `query ($id: ID!) {
  networkDevice(id: $id) { state version jobs macAddress status { provisioned } provisioningJobs { kind state version attempts error } }
}`;

/** What the owner reads of a device: its data, or the code of the error. */
export async function readDeletion(gateway: TestGateway, device: TestDevice): Promise<unknown> {
  const token = await gateway.token('OWNER', device.customer);
  const { data, errors } = await gateway.query(READ, { token, variables: { id: device.id } });
  return errors[0]?.extensions.code ?? z.object({ networkDevice: z.unknown() }).parse(data).networkDevice;
}

/** The codes of an answer's errors. */
export const codesOf = ({ errors }: GraphqlAnswer): readonly string[] =>
  errors.map(({ extensions }) => extensions.code);
