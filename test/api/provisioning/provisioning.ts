import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { GraphqlAnswer, TestGateway } from '../../support/gateway.js';

const FIELDS = `version state jobs updatedAt status { provisioned }
  provisioningJobs { id state version attempts error createdAt startedAt finishedAt }`;

const job = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{24}$/),
  state: z.enum(['QUEUED', 'RUNNING', 'APPLIED', 'FAILED', 'SUPERSEDED']),
  version: z.int(),
  attempts: z.int(),
  error: z.string().nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
});

const progress = z.strictObject({
  version: z.int(),
  state: z.string(),
  jobs: z.int(),
  updatedAt: z.iso.datetime(),
  status: z.strictObject({ provisioned: z.boolean().nullable() }).nullable(),
  provisioningJobs: z.array(job),
});

/** How far a device is, as the API says. */
export type Progress = z.infer<typeof progress>;

export async function update(
  gateway: TestGateway,
  token: string,
  id: string,
  input: object,
  more: { readonly dryRun?: boolean; readonly expectedVersion?: number } = {},
): Promise<GraphqlAnswer> {
  return await gateway.query(
    `mutation ($id: ID!, $input: DeviceUpdateInput!, $dryRun: Boolean, $expectedVersion: Int) {
      updateNetworkDevice(id: $id, input: $input, dryRun: $dryRun, expectedVersion: $expectedVersion) { ${FIELDS} }
    }`,
    { token, variables: { id, input, ...more } },
  );
}

export async function retry(gateway: TestGateway, token: string, id: string): Promise<GraphqlAnswer> {
  return await gateway.query(`mutation ($id: ID!) { retryProvisioning(id: $id) { ${FIELDS} } }`, {
    token,
    variables: { id },
  });
}

/** The progress in an answer that must hold no error. */
export function progressIn(answer: GraphqlAnswer): Progress {
  if (answer.errors.length > 0) throw new Error(JSON.stringify(answer.errors));
  const [device] = Object.values(z.record(z.string(), z.unknown()).parse(answer.data));
  return progress.parse(device);
}

export async function read(gateway: TestGateway, token: string, id: string): Promise<Progress> {
  return progressIn(
    await gateway.query(`query ($id: ID!) { networkDevice(id: $id) { ${FIELDS} } }`, {
      token,
      variables: { id },
    }),
  );
}

/** Reads a device until it is as it is waited for. */
export async function waitFor(
  gateway: TestGateway,
  token: string,
  id: string,
  isThere: (progress: Progress) => boolean,
): Promise<Progress> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = await read(gateway, token, id);
    if (isThere(found)) return found;
    if (Date.now() > deadline) throw new Error(`It stays at ${JSON.stringify(found)}`);
    await delay(25);
  }
}

export const isSettled = ({ jobs }: Progress): boolean => jobs === 0;
