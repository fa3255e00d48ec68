import fc from 'fast-check';
import {
  buildSchema,
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  parseType,
  typeFromAST,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { coerceFitting, MISFIT } from '../../src/graphql/documents/coerce-fitting.js';
import { buildGatewaySchema } from '../../src/graphql/schema/schema.js';

/** Every kind of input type, in lists, required and with defaults. */
const KINDS = buildSchema(`
  type Query { put(input: In, inputs: [[In!]!]): Int }
  enum State { ON OFF }
  input In { flag: Boolean! = true name: String! tags: [String!] sizes: [[Int]] state: State = ON ratio: Float inner: In others: [In] either: Either }
  input Either @oneOf { name: String size: Int }
`);

/** What a client may send in JSON: names that the types know, others, and every kind of value. */
const names = fc.constantFrom(
  ...[
    'flag',
    'name',
    'tags',
    'sizes',
    'state',
    'ratio',
    'inner',
    'others',
    'either',
    'size',
    '__proto__',
    'constructor',
    'other',
  ],
);
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 'ON', 'text', '', 1, 1.5, 2 ** 40),
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .uniqueArray(fc.tuple(names, tie('value')), { selector: ([name]) => name, maxLength: 5 })
      // As JSON.parse makes it: __proto__ is a property of its own.
      .map((entries): unknown => {
        const members = entries.map(([name, value]) => `"${name}":${JSON.stringify(value)}`);
        return JSON.parse(`{${members.join()}}`);
      }),
  ),
}));

function inputType(schema: GraphQLSchema, text: string): GraphQLInputType {
  const type = typeFromAST(schema, parseType(text));
  if (!isInputType(type)) throw new Error(`${text} is no input type.`);
  return type;
}

/** What graphql-js makes of a value; `MISFIT` where it has a complaint. */
function byGraphqlJs(value: unknown, type: GraphQLInputType): unknown {
  const complaints: unknown[] = [];
  const coerced: unknown = coerceInputValue(value, type, (path) => complaints.push(path));
  return complaints.length === 0 ? coerced : MISFIT;
}

describe('a value that fits its type', () => {
  it.each(['In', 'In!', '[In]', '[In!]!', '[[In!]!]', 'Int!', '[State!]', 'String', 'Boolean', 'Float'])(
    'becomes what graphql-js makes of it: %s',
    (text) => {
      const type = inputType(KINDS, text);
      fc.assert(
        fc.property(json, (value) => {
          const coerced = coerceFitting(value, type);
          // Alternatives are left to graphql-js.
          if (coerced === MISFIT && JSON.stringify(value).includes('either')) return;
          expect(coerced).toStrictEqual(byGraphqlJs(value, type));
        }),
        { numRuns: 1_000 },
      );
    },
  );

  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await buildGatewaySchema();
  });
  it.each([
    [
      'DeviceUpdateInput!',
      { name: 'A', wifi: null, dhcp: { reservedClients: [{ mac: '02-AA-bb-cc-dd-01', ip: '192.0.2.1' }] } },
    ],
    ['DeviceUpdateInput!', { dhcp: { reservedClients: { mac: 'no mac', ip: 5 } } }],
    ['DeviceUpdateInput!', { wifi: { password: 8 } }],
    ['NetworkDeviceFilter', { online: true, search: 'x' }],
  ])('of the gateway, too: %s %j', (text, value) => {
    const type = inputType(schema, text);
    expect(coerceFitting(value, type)).toStrictEqual(byGraphqlJs(value, type));
  });
});
