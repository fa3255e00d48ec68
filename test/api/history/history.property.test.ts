import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer } from '../../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { create, createModel, idIn } from '../create-network-device/create.js';
import { changes, deviceIn, replace, revert, SETTINGS, settingsAt } from './history.js';

const RUNS = { numRuns: 12, endOnFailure: true };

const text = fc.constantFrom(null, 'one', 'two', 'three');
const password = fc.constantFrom(null, 'first password', 'second password', 'a'.repeat(64));
const patch = <T extends object>(fields: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });

const MACS = Array.from({ length: 4 }, newMac);
/** Each client has addresses of its own, so that no rule stands against any of them. */
const client = fc.nat({ max: MACS.length - 1 }).chain((index) =>
  fc.record(
    {
      mac: fc.constant(MACS[index] ?? ''),
      ip: fc.constantFrom(`10.0.${index}.1`, `10.0.${index}.2`),
      id: text,
      enable: fc.boolean(),
    },
    { requiredKeys: ['mac', 'ip'] },
  ),
);
const clients = fc.uniqueArray(client, { selector: ({ mac }) => mac, maxLength: 4 });
const wifi = patch({
  enabled: fc.constant(false),
  ssid: text,
  password,
  ssid5G: text,
  password5G: password,
  enabled6G: fc.constant(false),
  ssid6G: text,
  bandsteering: fc.boolean(),
});
const dhcp = patch({
  enable: fc.constant(false),
  leaseTime: fc.constantFrom(null, 1, 60),
  primaryDnsServer: fc.constantFrom(null, '9.9.9.9', '1.1.1.1'),
  reservedClients: clients,
});
const putAndRemove = patch({
  putReservedClients: fc.uniqueArray(client, { selector: ({ mac }) => mac, maxLength: 2 }),
  removeReservedClients: fc.uniqueArray(fc.constantFrom(...MACS), { maxLength: 2 }),
});
const input = patch({
  name: fc.constantFrom('Alpha', 'Beta', 'Gamma'),
  notes: text,
  serialNumber: text,
  macAddress: fc.constant(null).map(() => newMac()),
  wifi: fc.oneof({ weight: 4, arbitrary: wifi }, { weight: 1, arbitrary: fc.constant(null) }),
  dhcp: fc.oneof(
    { weight: 2, arbitrary: dhcp },
    { weight: 2, arbitrary: putAndRemove },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
});

const step = fc.oneof(
  { weight: 6, arbitrary: input.map((wanted) => ({ kind: 'update' as const, wanted })) },
  { weight: 1, arbitrary: text.map((serialNumber) => ({ kind: 'replace' as const, serialNumber })) },
  { weight: 2, arbitrary: fc.nat().map((version) => ({ kind: 'revert' as const, version })) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { version ${SETTINGS} } }`;
const violated = z.object({
  extensions: z.object({ code: z.enum(['INVALID_VALUE', 'MAC_ADDRESS_IN_USE']) }),
});

let gateway: TestGateway;
let customer: string;
let model: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', MAC_PROBE_LIMIT: '0', RATE_LIMIT: '0' });
  customer = await createCustomer(gateway);
  model = await createModel(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

const settingsIn = ({
  version: _,
  state: _state,
  jobs: _jobs,
  ...settings
}: Readonly<Record<string, unknown>>) => settings;

/** A device, and the answer of each of its versions, the first at index 0. */
async function live(
  steps: readonly Step[],
): Promise<{ readonly id: string; readonly answers: readonly object[] }> {
  const id = idIn(
    await create(gateway, token, { customer, model, name: 'New', wifi: { password: 'first password' } }),
  );
  const read = `query ($id: ID!) { networkDevice(id: $id) { version ${SETTINGS} } }`;
  const answers = [settingsIn(deviceIn(await gateway.query(read, { token, variables: { id } })))];
  for (const one of steps) {
    const answer = await take(id, one, answers.length);
    const device = deviceIn(answer);
    if (device['version'] === answers.length) continue;
    expect(device['version']).toBe(answers.length + 1);
    answers.push(settingsIn(device));
  }
  return { id, answers };
}

async function take(id: string, one: Step, version: number) {
  switch (one.kind) {
    case 'update':
      return await gateway.query(UPDATE, { token, variables: { id, input: one.wanted } });
    case 'replace':
      return await replace(gateway, token, id, { macAddress: newMac(), serialNumber: one.serialNumber });
    case 'revert':
      // There is none to go back to at first.
      if (version === 1) return await gateway.query(UPDATE, { token, variables: { id, input: {} } });
      return await revert(gateway, token, id, { toVersion: 1 + (one.version % (version - 1)) });
  }
}

/** The value at a dotted path; null in a section that is not there. */
function valueAt(settings: unknown, path: string): unknown {
  const record = z.record(z.string(), z.unknown()).parse(settings);
  const [section = '', field] = path.split('.');
  if (field === undefined) return record[section];
  const fields = record[section];
  return fields === null ? undefined : z.record(z.string(), z.unknown()).parse(fields)[field];
}

describe('whatever is done to a device', () => {
  it('each of its versions is as it was answered then, and each change has the ones around it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const { id, answers } = await live(steps);
        const versions = answers.map((_, index) => index + 1);
        expect(await settingsAt(gateway, token, id, versions)).toEqual(answers);
        const found = (await changes(gateway, token, id)).toReversed();
        expect(found.map(({ version }) => version)).toEqual(versions);
        expect(found.map(({ before }) => before)).toEqual([null, ...answers.slice(0, -1)]);
        expect(found.map(({ after }) => after)).toEqual(answers);
      }),
      RUNS,
    );
  });

  it('going back to a version twice changes nothing the second time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), fc.nat(), async (steps, pick) => {
        const { id, answers } = await live(steps);
        if (answers.length < 2) return;
        const toVersion = 1 + (pick % (answers.length - 1));
        const reverted = deviceIn(await revert(gateway, token, id, { toVersion }));
        const replaced = (await changes(gateway, token, id)).some(
          ({ action, version }) => action === 'REPLACE' && version > toVersion,
        );
        const {
          macAddress: _,
          serialNumber: _serial,
          ...expected
        } = z.record(z.string(), z.unknown()).parse(answers[toVersion - 1]);
        expect(settingsIn(reverted)).toMatchObject(replaced ? expected : { ...answers[toVersion - 1] });
        const version = Number(reverted['version']);
        if (toVersion >= version) return;
        const again = deviceIn(await revert(gateway, token, id, { toVersion, dryRun: true }));
        expect(again).toEqual(reverted);
      }),
      RUNS,
    );
  });

  it('the version before a change with the paths of the change restores exactly those', async () => {
    let restored = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 8 }), fc.nat(), async (steps, pick) => {
        const { id, answers } = await live(steps);
        const found = await changes(gateway, token, id);
        const version = 2 + (pick % Math.max(1, answers.length - 1));
        const change = found.find((one) => one.version === version);
        if (change === undefined) return;
        const { paths } = change;
        const answer = await revert(gateway, token, id, { toVersion: version - 1, paths });
        const [now, before] = [answers.at(-1), answers[version - 2]];
        if (answer.errors.length > 0) {
          // A rule of now may stand against a part of what was.
          expect(z.array(violated).safeParse(answer.errors).success).toBe(true);
          return;
        }
        restored += 1;
        const after = settingsIn(deviceIn(answer));
        for (const path of paths) {
          const then = valueAt(before, path);
          const isCleared = then === undefined;
          if (!isCleared) expect({ path, value: valueAt(after, path) }).toEqual({ path, value: then });
          else expect([undefined, null, false, []]).toContainEqual(valueAt(after, path));
        }
        const others = ['name', 'notes', 'macAddress', 'serialNumber', 'mvnoAccount', 'wifi', 'dhcp'].filter(
          (path) => !paths.some((one) => one === path || one.startsWith(`${path}.`)),
        );
        for (const path of others) expect(valueAt(after, path)).toEqual(valueAt(now, path));
      }),
      RUNS,
    );
    expect(restored).toBeGreaterThan(3);
  });
});
