import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { z } from 'zod';
import { newMac } from '../../support/gateway.js';
import { ask, type Reply } from './client.js';
import type { Rig } from './rig.js';

const SHOWN = '{ id version state name }';
const answered = z.record(
  z.string(),
  z.object({ id: z.string(), version: z.int(), state: z.string(), name: z.string() }),
);

/** What is known of a device after a call: `actions` are the entries of its audit trail, one for each effect. */
interface Life {
  readonly version: number;
  readonly jobs: number;
  readonly actions: readonly string[];
}

/** A call with an idempotency key, and what the database holds of its device after any number of repeats. */
export interface KeyedCall {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly after: Life;
}

/**
 * The mutations of a device's whole life over and over, each call with a key of its own.
 * @param model the model of the devices
 * @returns makes the next call; `deviceId` is the device that the last create has made
 */
export function keyedCalls(model: string): (deviceId: string) => KeyedCall {
  let made = 0;
  const mutations: readonly ((id: string) => Omit<KeyedCall, 'variables'> & { readonly input?: object })[] = [
    () => ({
      query: `mutation ($input: DeviceCreateInput!, $key: String) { it: createNetworkDevice(input: $input, idempotencyKey: $key) ${SHOWN} }`,
      input: { model, macAddress: newMac(), name: 'Created', wifi: { ssid: 'Once' } },
      after: { version: 1, jobs: 1, actions: ['CREATE'] },
    }),
    (id) => ({
      query: `mutation ($input: DeviceUpdateInput!, $key: String) { it: updateNetworkDevice(id: "${id}", input: $input, idempotencyKey: $key, expectedVersion: 1) ${SHOWN} }`,
      input: { name: 'Updated', wifi: { ssid: 'Twice' } },
      after: { version: 2, jobs: 2, actions: ['CREATE', 'UPDATE'] },
    }),
    (id) => ({
      query: `mutation ($input: DeviceReplaceInput!, $key: String) { it: replaceNetworkDevice(id: "${id}", input: $input, idempotencyKey: $key) ${SHOWN} }`,
      input: { macAddress: newMac() },
      after: { version: 3, jobs: 3, actions: ['CREATE', 'UPDATE', 'REPLACE'] },
    }),
    (id) => ({
      query: `mutation ($key: String) { it: retryProvisioning(id: "${id}", idempotencyKey: $key) ${SHOWN} }`,
      after: { version: 3, jobs: 4, actions: ['CREATE', 'UPDATE', 'REPLACE', 'RETRY'] },
    }),
    (id) => ({
      query: `mutation ($key: String) { it: deleteNetworkDevice(id: "${id}", idempotencyKey: $key) ${SHOWN} }`,
      after: { version: 4, jobs: 5, actions: ['CREATE', 'UPDATE', 'REPLACE', 'RETRY', 'DELETE'] },
    }),
  ];
  return (deviceId) => {
    const mutation = mutations[made % mutations.length];
    if (mutation === undefined) throw new Error('There is no mutation.');
    made += 1;
    const { query, input, after } = mutation(deviceId);
    return { query, variables: { input, key: randomBytes(12).toString('hex') }, after };
  };
}

/** The device that an answer shows. */
function deviceIn({ data, text }: Reply): z.infer<typeof answered>[string] {
  const { it } = answered.parse(data);
  if (it === undefined) throw new Error(text);
  return it;
}

/** Lets the next write with a key reach the database and keeps its answer. */
export function keepNextAnswer({ proxy }: Rig): {
  readonly sent: Promise<void>;
  readonly kept: Promise<void>;
} {
  let isFirst = true;
  const kept = new Promise<void>((resolve) => (proxy.onAnswerKept = resolve));
  const sent = new Promise<void>((resolve) => {
    proxy.judge = (chunk) => {
      if (!isFirst || !/-devices?-once/.test(chunk.toString('latin1'))) return 'pass';
      isFirst = false;
      resolve();
      return 'keep-answer';
    };
  });
  return { sent, kept };
}

/** How many repeats come at once. */
const REPEATS = 3;

/**
 * Repeats a call until each of some at once has succeeded.
 * @returns the device, which all of them have shown alike
 */
export async function repeat(
  { url, token }: { readonly url: string; readonly token: string },
  { query, variables }: KeyedCall,
): Promise<ReturnType<typeof deviceIn>> {
  const untilDone = async (): Promise<Reply> => {
    for (let turn = 0; ; turn += 1) {
      const reply = await ask({ url, token, requestId: `repeat-${turn}`, query, variables });
      if (reply.outcome === 'done') return reply;
      if (!reply.isRetryable || turn >= 300) throw new Error(reply.text);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const replies = await Promise.all(Array.from({ length: REPEATS }, untilDone));
  const [first, ...others] = replies.map(deviceIn);
  if (first === undefined) throw new Error('There was no repeat.');
  for (const other of others) expect(other).toEqual(first);
  return first;
}

/** What the database holds of a device: its version, jobs ever made, and the entries of its audit trail. */
export async function lifeOf(rig: Rig, id: string): Promise<Record<string, unknown> | undefined> {
  const [found] = await rig.rows(
    `SELECT version, (SELECT count(*)::integer FROM provisioning_job WHERE device_id = $1) AS jobs,
       (SELECT array_agg(action::text ORDER BY id) FROM device_audit WHERE device_id = $1) AS actions
     FROM network_device WHERE id = $1`,
    [id],
  );
  return found;
}

/** How many keys the database holds. */
export async function countKeys(rig: Rig): Promise<unknown> {
  const [counted] = await rig.rows('SELECT count(*)::integer AS keys FROM idempotency_key');
  return counted?.['keys'];
}
