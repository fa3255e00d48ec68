import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  isInputObjectType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../src/access/viewer.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { type GraphqlAnswer, newId, newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type Places, plantTree, RELATIONS, TABLE } from './access-table.js';

// Every mutation of one device, as the schema has them: one that is new is held to the access table and to the audit trail.

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
const MUTATIONS = Object.values(schema.getMutationType()?.getFields() ?? {})
  .filter(({ type }) => type.toString() === 'NetworkDevice')
  // A device is created first and deleted last.
  .toSorted((one, other) => rank(one.name) - rank(other.name));

function rank(name: string): number {
  if (name.startsWith('delete')) return 3;
  return ['createNetworkDevice', 'updateNetworkDevice', name].indexOf(name);
}

/** What a mutation is asked about. */
interface Target {
  readonly device: string;
  readonly customer: string;
  readonly model: string;
}

/** Inputs that all fields can be left out of, with something to change. */
const INPUTS: Readonly<Record<string, () => string>> = {
  DeviceUpdateInput: () => `{ notes: "${newId()}" }`,
};

function literal(name: string, type: GraphQLInputType, target: Target): string {
  if (isNonNullType(type)) return literal(name, type.ofType, target);
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => isRequiredInputField(field) || field.name === 'customer',
    );
    const values = fields.map((field) => `${field.name}: ${literal(field.name, field.type, target)}`);
    return INPUTS[type.name]?.() ?? `{ ${values.join(', ')} }`;
  }
  if (name === 'customer' || name === 'model') return `"${target[name]}"`;
  if (type.toString() === 'ID') return `"${target.device}"`;
  if (type.toString() === 'MacAddress') return `"${newMac()}"`;
  if (type.toString() === 'Int') return '1';
  throw new Error(`Give a value to ${name}: ${type.toString()}.`);
}

function documentOf({ name, args }: GraphQLField<unknown, unknown>, target: Target): string {
  const values = args
    .filter(isRequiredArgument)
    .map((arg) => `${arg.name}: ${literal(arg.name, arg.type, target)}`);
  return `mutation { it: ${name}(${values.join(', ')}) { id } }`;
}

let gateway: TestGateway;
let places: Places;
let model: string;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  places = await plantTree(gateway);
  const { rows } = await gateway.sql.query<{ id: string }>('SELECT min(id) AS id FROM device_model');
  model = rows[0]?.id ?? '';
});
afterAll(async () => {
  await gateway.stop();
});

/** The entries of the audit trail but for imports, the newest last. */
async function trail(): Promise<readonly { readonly subject: string; readonly action: string }[]> {
  const { rows } = await gateway.sql.query<{ subject: string; action: string }>(
    `SELECT subject, action FROM device_audit WHERE action <> 'IMPORT' ORDER BY id`,
  );
  return rows;
}

const codesOf = ({ errors }: GraphqlAnswer): readonly string[] =>
  errors.map(({ extensions }) => extensions.code);

it('there are mutations of one device', () => {
  expect(MUTATIONS.length).toBeGreaterThanOrEqual(5);
});

describe.each(ACCESS_LEVELS)(
  '%s changes the devices that the access table lets it update, and no others',
  (level) => {
    it.each(MUTATIONS)('$name', async (mutation) => {
      const allowed = await Promise.all(
        RELATIONS.map(async (relation) => {
          const { viewer, ...place } = places[relation];
          const token = await gateway.token(level, viewer);
          const answer = await gateway.query(documentOf(mutation, { ...place, model }), { token });
          return codesOf(answer).includes('ACCESS_DENIED') ? [] : [relation];
        }),
      );
      expect(allowed.flat().toSorted()).toEqual(TABLE[level].update.toSorted());
    });
  },
);

describe('a mutation of one device is audited with its change', () => {
  it('each of them', async () => {
    const customer = await createCustomer(gateway);
    const device = (await createDevice(gateway, { customer })).id;
    const token = await gateway.token('ADMIN', customer);
    for (const mutation of MUTATIONS) {
      const before = await trail();
      const answer = await gateway.query(documentOf(mutation, { device, customer, model }), { token });
      expect({ name: mutation.name, codes: codesOf(answer) }).toEqual({ name: mutation.name, codes: [] });
      const entries = (await trail()).slice(before.length);
      expect({ name: mutation.name, entries }).toMatchObject({
        name: mutation.name,
        entries: [{ subject: 'test-ADMIN' }],
      });
    }
  });
});
