import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startWorld, type World } from './world.js';

const MANIFEST = 'examples/trusted-documents/manifest.json';

let world: World;
beforeAll(async () => {
  world = await startWorld({ TRUSTED_DOCUMENTS: MANIFEST, OTHER_DOCUMENTS: 'refuse' });
});
afterAll(async () => {
  await world.gateway.stop();
});

it('the example manifest is what GraphQL Code Generator writes, and its documents run by their ids', async () => {
  const generated = join(
    import.meta.dirname,
    'examples',
    MANIFEST.replace('examples/', ''),
    '..',
    'generated',
  );
  const written = await readFile(join(generated, 'persisted-documents.json'), 'utf8');
  expect(JSON.parse(await readFile(MANIFEST, 'utf8'))).toEqual(JSON.parse(written));
  const manifest = z.record(z.string(), z.string()).parse(JSON.parse(written));
  const [documentId] = Object.entries(manifest).find(([, text]) => text.includes('query Devices')) ?? [];
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${world.token}` };
  const answer = await fetch(world.url, { method: 'POST', headers, body: JSON.stringify({ documentId }) });
  expect(await answer.json()).toMatchObject({
    data: { networkDeviceConnection: { nodes: [{ name: 'Kitchen' }, { name: 'Office' }] } },
  });
  // What was generated holds the id in the place of the text.
  expect(await readFile(join(generated, 'graphql.ts'), 'utf8')).toContain(documentId);
});
