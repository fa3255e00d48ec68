import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

/** The demo fleet's customer, whose ids the documents print. */
const CUSTOMER = '12345678901234567890cccc';

/** README and what lies in docs/; the guides for clients are run by the clients themselves. */
async function documents(): Promise<readonly string[]> {
  const names = await readdir('docs');
  return ['README.md', ...names.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
}

const packageFile = z.object({ scripts: z.record(z.string(), z.string()) });

interface Printed {
  readonly file: string;
  readonly text: string;
}

async function printedOperations(): Promise<readonly Printed[]> {
  const found = await Promise.all(
    (await documents()).map(async (file) =>
      [...(await readFile(file, 'utf8')).matchAll(/```graphql\n(.*?)```/gs)].map(([, text = '']) => ({
        file,
        text,
      })),
    ),
  );
  return found.flat();
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await gateway.importFleet(JSON.parse(await readFile('prisma/demo-fleet.json', 'utf8')));
});
afterAll(async () => {
  await gateway.stop();
});

it('every operation that a document prints runs on the demo fleet', async () => {
  const token = await gateway.token('ADMIN', CUSTOMER);
  const printed = await printedOperations();
  expect(printed.length).toBeGreaterThan(5);
  // What ends a device comes last.
  const inOrder = printed.toSorted(
    (one, other) => Number(one.text.includes('delete')) - Number(other.text.includes('delete')),
  );
  for (const { file, text } of inOrder) {
    const kind = getOperationAST(parse(text))?.operation;
    if (kind === OperationTypeNode.SUBSCRIPTION) continue;
    const { errors } = await gateway.query(text, { token });
    expect({ file, text, errors }).toEqual({ file, text, errors: [] });
  }
});

it('every npm script that a document names is there', async () => {
  const { scripts } = packageFile.parse(JSON.parse(await readFile('package.json', 'utf8')));
  const files = [...(await documents()), 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'SECURITY.md'];
  const named = await Promise.all(
    files.map(async (file) =>
      [...(await readFile(file, 'utf8')).matchAll(/npm run ([a-z][a-z:-]*[a-z])/g)].map(
        ([, script = '']) => ({ file, script }),
      ),
    ),
  );
  expect(named.flat().length).toBeGreaterThan(20);
  expect(named.flat().filter(({ script }) => !(script in scripts))).toEqual([]);
});
