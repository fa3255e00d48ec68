import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { schemaChanges } from '../../src/graphql/schema-diff.js';

const DEVICE = 'type Query { device: Device } type Device { id: ID!';

describe('npm run schema:diff tells breaking changes from harmless ones', () => {
  it('a removed field is breaking', async () => {
    expect(await schemaChanges(`${DEVICE} name: String }`, `${DEVICE} }`)).toEqual([
      { isBreaking: true, message: "Field 'name' was removed from object type 'Device'" },
    ]);
  });

  it('a new nullable field is not', async () => {
    expect(await schemaChanges(`${DEVICE} }`, `${DEVICE} name: String }`)).toEqual([
      { isBreaking: false, message: "Field 'name' was added to object type 'Device'" },
    ]);
  });

  it('breaking changes come first', async () => {
    const changes = await schemaChanges(`${DEVICE} a: Int z: Int }`, `${DEVICE} b: Int }`);
    expect(changes.map(({ isBreaking }) => isBreaking)).toEqual([true, true, false]);
  });

  it('a schema is no change of itself', async () => {
    const schema = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(await schemaChanges(schema, schema)).toEqual([]);
  });
});
