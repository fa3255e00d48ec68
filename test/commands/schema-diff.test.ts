import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, start } from '../support/processes.js';

const DEVICE = 'type Query { device: Device } type Device { id: ID!';
const SCHEMA = resolve(import.meta.dirname, '..', '..', 'schema.graphql');

describe('npm run schema:diff distinguishes breaking changes from harmless ones', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function compare(before: string, after: string): Promise<Outcome> {
    const files = [join(folder, 'before.graphql'), join(folder, 'after.graphql')] as const;
    await writeFile(files[0], before);
    await writeFile(files[1], after);
    return await start(['scripts/schema-diff.mjs', ...files], {}).ended;
  }

  it('a removed field is breaking', async () => {
    const { code, stdout } = await compare(`${DEVICE} name: String }`, `${DEVICE} }`);
    expect(stdout).toBe("BREAKING  Field 'name' was removed from object type 'Device'\n");
    expect(code).toBe(1);
  });

  it('a new nullable field is not', async () => {
    const { code, stdout } = await compare(`${DEVICE} }`, `${DEVICE} name: String }`);
    expect(stdout).toBe("ok        Field 'name' was added to object type 'Device'\n");
    expect(code).toBe(0);
  });

  it('breaking changes come first', async () => {
    const { stdout } = await compare(`${DEVICE} a: Int z: Int }`, `${DEVICE} b: Int }`);
    const kinds = stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 8).trim());
    expect(kinds).toEqual(['BREAKING', 'BREAKING', 'ok']);
  });

  it('a schema is no change of itself', async () => {
    const { code, stdout } = await start(['scripts/schema-diff.mjs', SCHEMA, SCHEMA], {}).ended;
    expect(stdout).toMatch(/^Nothing changed since /);
    expect(code).toBe(0);
  });
});
