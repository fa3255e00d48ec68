import { GraphQLClient } from 'graphql-request';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rename } from './examples/codegen/rename.js';
import type { RenameMutation, RenameMutationVariables } from './examples/codegen/generated/graphql.js';
import { startWorld, type World } from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.gateway.stop();
});

describe('GraphQL Code Generator, client preset', () => {
  it('makes documents whose types a strict compiler takes, and that run', async () => {
    const renamed = await rename(world.url, world.token, world.kitchen.id, 'Pantry');
    expect(renamed).toEqual({ name: 'Pantry', changedAt: expect.any(Date) });
    // Compiled with the rest: neither wider nor narrower.
    const text: NonNullable<RenameMutation['updateNetworkDevice']>['updatedAt'] = '2026-01-01T00:00:00.000Z';
    const clearing: RenameMutationVariables = { id: world.kitchen.id, input: { notes: null } };
    expect([typeof text, clearing.input.notes]).toEqual(['string', null]);
  });
});

describe('graphql-request', () => {
  it('reads what it asks for', async () => {
    const client = new GraphQLClient(world.url, { headers: { authorization: `Bearer ${world.token}` } });
    expect(await client.request('{ viewer { accessLevel } }')).toEqual({
      viewer: { accessLevel: 'MANAGER' },
    });
  });

  it('throws the code and the path of what is refused', async () => {
    await expect(rename(world.url, world.token, world.kitchen.id, '')).rejects.toMatchObject({
      response: {
        status: 200,
        errors: [
          {
            path: ['updateNetworkDevice'],
            extensions: { code: 'INVALID_VALUE', violations: [{ path: 'name' }] },
          },
        ],
      },
    });
  });
});
