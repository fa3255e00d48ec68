import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as operationsPlugin from '@graphql-codegen/typescript-operations';
import * as schemaPlugin from '@graphql-codegen/typescript';
import { type DocumentNode, Kind, parse } from 'graphql';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const DEVICE_PAGE = `query DevicePage($after: String, $filter: NetworkDeviceFilter) {
  networkDeviceConnection(first: 10, after: $after, filter: $filter) {
    totalCount
    nodes { id name version updatedAt status { online networkType networkTypes } }
    pageInfo { hasNextPage endCursor }
  }
}`;

const SCALARS = { DateTime: 'string', IPv4: 'string', IPv6: 'string', MacAddress: 'string' };

const IMPORTS = `import type {
  DevicePageQuery, DevicePageQueryVariables, ReadBackQuery, RenameMutation, RenameMutationVariables,
} from './operations.js';
export declare const answers: { page: DevicePageQuery; readBack: ReadBackQuery; rename: RenameMutation };
export type Variables = { page: DevicePageQueryVariables; rename: RenameMutationVariables };
`;

describe('graphql-codegen makes types of the schema that a strict client compiles with', () => {
  let operations: string;
  let schemaTypes: string;
  beforeAll(async () => {
    const schema = parse(await readFile(new URL('../../../schema.graphql', import.meta.url), 'utf8'));
    const [mutation, query] = await readmeDocuments();
    const documents = [named('Rename', mutation), named('ReadBack', query), parse(DEVICE_PAGE)];
    const generate = async (plugin: 'operations' | 'schema') =>
      await codegen({
        filename: `${plugin}.ts`,
        schema,
        documents: documents.map((document, index) => ({ document, location: `${index}.graphql` })),
        config: { scalars: SCALARS, strictScalars: false },
        plugins: [{ [plugin]: {} }],
        pluginMap: { operations: operationsPlugin, schema: schemaPlugin },
      });
    operations = await generate('operations');
    schemaTypes = await generate('schema');
  });

  const faultsOf = (client: string) =>
    compile({ 'operations.ts': operations, 'client.ts': IMPORTS + client });

  it('the types of the whole schema compile', () => {
    expect(compile({ 'schema.ts': schemaTypes })).toEqual([]);
    expect(schemaTypes).toContain('export type NetworkDevice = Node & {');
  });

  it('a client that minds what may be null compiles, and the types are neither wider nor narrower', () => {
    const client = `
      type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
      const { page, readBack, rename } = answers;

      const device = rename.updateNetworkDevice;
      if (device === null) throw new Error('refused');
      export const id: Same<typeof device.id, string> = true;
      export const version: Same<typeof device.version, number | null> = true;
      export const name: Same<typeof device.name, string | null> = true;
      export const ssid: string | null | undefined = device.wifi?.ssid;

      const connection = page.networkDeviceConnection;
      if (connection === null) throw new Error('refused');
      export const more: Same<typeof connection.pageInfo.hasNextPage, boolean> = true;
      export const total: Same<typeof connection.totalCount, number | null> = true;
      export const names: (string | null)[] = (connection.nodes ?? []).map((node) => node?.name ?? null);
      type Status = NonNullable<NonNullable<NonNullable<typeof connection.nodes>[number]>['status']>;
      export type Network = 'GSM' | 'LTE' | 'LTE_PLUS' | 'NONE' | 'NR' | 'WCDMA';
      export const best: Same<Status['networkType'], Network | null> = true;
      export const all: Same<Status['networkTypes'], Network[] | null> = true;

      export const read: string | null | undefined = readBack.networkDevice?.dhcp?.ipPoolStart;
      export const brand: string | null | undefined = readBack.networkDevice?.model?.brand;

      export const leave: Variables['rename'] = { id: 'a', input: {} };
      export const clear: Variables['rename'] = { id: 'a', input: { notes: null, wifi: null } };
      export const set: Variables['rename'] = { id: 'a', input: { name: 'b', dhcp: { leaseTime: 10 } } };
      export const everything: Variables['page'] = {};
      export const some: Variables['page'] = { after: null, filter: { online: true, state: ['ACTIVE'] } };`;
    expect(faultsOf(client)).toEqual([]);
  });

  it.each([
    ['reads a device that may be null', 'answers.rename.updateNetworkDevice.id;', 18047],
    [
      'takes a name for given',
      'export const name: string | undefined = answers.rename.updateNetworkDevice?.name;',
      2322,
    ],
    ['reads what it did not ask for', 'answers.rename.updateNetworkDevice?.serialNumber;', 2339],
    [
      'takes the nodes of a page for given',
      'answers.page.networkDeviceConnection?.nodes?.map((node) => node.id);',
      18047,
    ],
    [
      'compares with a network that nobody knows',
      `answers.page.networkDeviceConnection?.nodes?.[0]?.status?.networkType === 'FAX';`,
      2367,
    ],
    ['forgets the id', 'export const variables: Variables["rename"] = { input: {} };', 2741],
    ['clears the input', 'export const variables: Variables["rename"] = { id: "a", input: null };', 2322],
    [
      'writes what cannot be written',
      'export const variables: Variables["rename"] = { id: "a", input: { version: 2 } };',
      2353,
    ],
    [
      'writes a number as text',
      'export const variables: Variables["rename"] = { id: "a", input: { dhcp: { leaseTime: "10" } } };',
      2322,
    ],
  ])('a client that %s does not compile', (_, client, code) => {
    expect(faultsOf(client)).toEqual([expect.stringMatching(`^client.ts TS${code}: `)]);
  });
});

/** The mutation and the query that the README shows. */
async function readmeDocuments(): Promise<readonly [mutation: string, query: string]> {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [mutation, query] = Array.from(
    readme.matchAll(/^ {2}"query": ("(?:[^"\\]|\\.)*")/gm),
    ([, text = '']) => String(JSON.parse(text)),
  );
  if (mutation === undefined || query === undefined) throw new Error('The README shows no operations.');
  return [mutation, query];
}

/** A document whose operation has a name, as code generators need it. */
function named(name: string, source: string): DocumentNode {
  const document = parse(source);
  return {
    ...document,
    definitions: document.definitions.map((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION
        ? { ...definition, name: { kind: Kind.NAME, value: name } }
        : definition,
    ),
  };
}

/** Compiles files of memory alone. @returns what the compiler finds wrong */
function compile(files: Readonly<Record<string, string>>): string[] {
  const sources = new Map(
    Object.entries(files).map(([name, text]) => [join(import.meta.dirname, name), text]),
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = { fileExists: host.fileExists.bind(host), getSourceFile: host.getSourceFile.bind(host) };
  host.fileExists = (path) => sources.has(path) || onDisk.fileExists(path);
  host.getSourceFile = (path, ...rest) => {
    const text = sources.get(path);
    return text === undefined
      ? onDisk.getSourceFile(path, ...rest)
      : ts.createSourceFile(path, text, ts.ScriptTarget.ES2023);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, code, messageText }) => {
    const name = file?.fileName.slice(import.meta.dirname.length + 1) ?? '';
    return `${name} TS${code}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
