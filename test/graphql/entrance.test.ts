import { GraphQLError, type GraphQLField, type GraphQLSchema, isObjectType } from 'graphql';
import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildGatewaySchema } from '../../src/graphql/schema/schema.js';

const OPEN = ['_sdl', '_service'];

/** An argument that nobody may look into. */
const untouchable: unknown = new Proxy(
  {},
  {
    get: (_, key) => {
      throw new Error(`Somebody read ${String(key)}.`);
    },
    ownKeys: () => {
      throw new Error('Somebody listed the keys.');
    },
  },
);

describe('nobody is asked what they want before it is known who they are', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await buildGatewaySchema();
  });

  const call = async (field: GraphQLField<unknown, unknown>): Promise<unknown> => {
    const args = Object.fromEntries(field.args.map(({ name }) => [name, untouchable]));
    const context = {
      requestId: 'r',
      credential: { violation: 'credentials_invalid' },
      log: pino({ level: 'silent' }),
    };
    try {
      const info = { path: { key: field.name }, schema };
      // What graphql-js hands to a resolver is more, and none of it is needed to refuse.
      const value: unknown = Reflect.apply(field.resolve ?? (() => 'no resolver'), undefined, [
        undefined,
        args,
        context,
        info,
      ]);
      return await Promise.resolve(value);
    } catch (error) {
      return error;
    }
  };

  it.each(['Query', 'Mutation'])('%s', async (name) => {
    const type = schema.getType(name);
    if (!isObjectType(type)) throw new Error(`There is no ${name}.`);
    const fields = Object.values(type.getFields());
    expect(fields.length).toBeGreaterThan(2);
    for (const field of fields) {
      const answer = await call(field);
      if (OPEN.includes(field.name)) {
        expect(answer, field.name).not.toBeInstanceOf(Error);
      } else {
        expect(answer, field.name).toBeInstanceOf(GraphQLError);
        expect(answer, field.name).toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
        // Writing one out is what would cost most about an answer that holds many.
        expect(String(answer instanceof Error && answer.stack)).not.toContain(' at ');
      }
    }
  });
});
