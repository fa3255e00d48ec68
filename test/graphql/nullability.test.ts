import { readFile } from 'node:fs/promises';
import { buildSchema, isNonNullType, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';

/** Types and fields whose shape Relay, Apollo Federation and stitching portals fix. */
const FIXED = /^(_|__|PageInfo\.|\w+Edge\.|\w+Connection\.|Query\._)/;

describe('one value that cannot be read never blanks the rest of an answer', () => {
  it('every field of the schema but an id may be null, root fields included', async () => {
    const schema = buildSchema(await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'), {
      assumeValidSDL: true,
    });
    const fields = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type))
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })),
      )
      .filter(({ name }) => !FIXED.test(name));
    const neverNull = fields.filter(({ field }) => isNonNullType(field.type)).map(({ name }) => name);
    expect(fields.length).toBeGreaterThan(80);
    expect(neverNull).toEqual([
      'Customer.id',
      'DeviceChange.id',
      'DeviceModel.id',
      'NetworkDevice.id',
      'ProvisioningJob.id',
      'Viewer.id',
    ]);
  });
});
