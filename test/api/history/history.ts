import { z } from 'zod';
import type { GraphqlAnswer, TestGateway } from '../../support/gateway.js';

/** Every setting of a device, passwords included. */
export const SETTINGS = `name notes macAddress serialNumber mvnoAccount
  wifi { enabled ssid password enabled5G ssid5G password5G enabled6G ssid6G password6G bandsteering }
  dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { mac ip enable reservationId } }`;

const CHANGE = `id version at action by accessLevel requestId paths before { ${SETTINGS} } after { ${SETTINGS} }`;

const settings = z.record(z.string(), z.unknown());

const change = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{24}$/),
  version: z.int(),
  at: z.iso.datetime(),
  action: z.string().nullable(),
  by: z.string().nullable(),
  accessLevel: z.string().nullable(),
  requestId: z.string().nullable(),
  paths: z.array(z.string()),
  before: settings.nullable(),
  after: settings.nullable(),
});

export type Change = z.infer<typeof change>;

const page = z.strictObject({
  edges: z.array(z.strictObject({ cursor: z.string(), node: change })),
  pageInfo: z.strictObject({ hasNextPage: z.boolean(), hasPreviousPage: z.boolean() }),
});

export type ChangePage = z.infer<typeof page>;

/** Asks for a page of changes. */
export async function askChanges(
  gateway: Pick<TestGateway, 'query'>,
  token: string,
  id: string,
  more: { readonly first?: number; readonly after?: string } = {},
): Promise<GraphqlAnswer> {
  return await gateway.query(
    `query ($id: ID!, $first: Int = 100, $after: String) { networkDevice(id: $id) {
      version changes(first: $first, after: $after) {
        edges { cursor node { ${CHANGE} } } pageInfo { hasNextPage hasPreviousPage }
      } } }`,
    { token, variables: { id, ...more } },
  );
}

/** A page of changes; an answer with an error is thrown. */
export async function changePage(...of: Parameters<typeof askChanges>): Promise<ChangePage> {
  const device = deviceIn(await askChanges(...of));
  return page.parse(device['changes']);
}

/** The newest changes. */
export async function changes(...of: Parameters<typeof askChanges>): Promise<readonly Change[]> {
  return (await changePage(...of)).edges.map(({ node }) => node);
}

/** The one device in an answer without errors. */
export function deviceIn({ data, errors }: GraphqlAnswer): Readonly<Record<string, unknown>> {
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const [device] = Object.values(z.record(z.string(), z.record(z.string(), z.unknown())).parse(data));
  if (device === undefined) throw new Error('There is no device in the answer.');
  return device;
}

/** The settings at versions, in the order of the versions. */
export async function settingsAt(
  gateway: Pick<TestGateway, 'query'>,
  token: string,
  id: string,
  versions: readonly number[],
): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (let start = 0; start < versions.length; start += 20) {
    const some = versions.slice(start, start + 20);
    const fields = some.map((version, index) => `v${index}: settingsAt(version: ${version}) { ...settings }`);
    const device = deviceIn(
      await gateway.query(
        `query ($id: ID!) { networkDevice(id: $id) { ${fields.join(' ')} } } fragment settings on DeviceSettings { ${SETTINGS} }`,
        { token, variables: { id } },
      ),
    );
    found.push(...some.map((_, index) => device[`v${index}`]));
  }
  return found;
}

/** Goes back to a version. */
export async function revert(
  gateway: Pick<TestGateway, 'query'>,
  token: string,
  id: string,
  args: {
    readonly toVersion: number;
    readonly paths?: readonly string[];
    readonly expectedVersion?: number;
    readonly dryRun?: boolean;
    readonly key?: string;
  },
): Promise<GraphqlAnswer> {
  return await gateway.query(
    `mutation ($id: ID!, $toVersion: Int!, $paths: [String!], $expectedVersion: Int, $dryRun: Boolean, $key: String) {
      revertNetworkDevice(id: $id, toVersion: $toVersion, paths: $paths, expectedVersion: $expectedVersion, dryRun: $dryRun, idempotencyKey: $key) {
        version state jobs ${SETTINGS}
      } }`,
    { token, variables: { id, ...args } },
  );
}

/** Puts other hardware in the place of a device. */
export async function replace(
  gateway: Pick<TestGateway, 'query'>,
  token: string,
  id: string,
  input: { readonly macAddress: string; readonly serialNumber?: string | null },
): Promise<GraphqlAnswer> {
  return await gateway.query(
    `mutation ($id: ID!, $input: DeviceReplaceInput!) { replaceNetworkDevice(id: $id, input: $input) { version ${SETTINGS} } }`,
    { token, variables: { id, input } },
  );
}
