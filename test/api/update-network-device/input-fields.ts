import { z } from 'zod';
import type { TestGateway } from '../../support/gateway.js';

const INPUT_TYPE = `query ($name: String!) {
  __type(name: $name) { inputFields { name type { kind name ofType { kind name } } } }
}`;

const typeRef = z.object({ kind: z.string(), name: z.string().nullable() });
const inputType = z.object({
  __type: z.object({
    inputFields: z.array(
      z.object({ name: z.string(), type: typeRef.extend({ ofType: typeRef.nullable() }) }),
    ),
  }),
});

/** Wishes about single entries of a list, which no value of a device is named after; tests of their own try them. */
export const OF_ENTRIES: readonly string[] = ['dhcp.putReservedClients', 'dhcp.removeReservedClients'];

/**
 * Dotted paths of the leaves of an input type, as the gateway's schema tells them; a list is a leaf, because it is
 * replaced as a whole.
 */
export async function inputPaths(gateway: TestGateway, typeName: string, prefix = ''): Promise<string[]> {
  const { data } = await gateway.query(INPUT_TYPE, { variables: { name: typeName } });
  const paths: string[] = [];
  for (const { name, type } of inputType.parse(data).__type.inputFields) {
    const { kind, name: fieldType } = type.kind === 'NON_NULL' && type.ofType !== null ? type.ofType : type;
    const isSection = kind === 'INPUT_OBJECT' && fieldType !== null;
    paths.push(...(isSection ? await inputPaths(gateway, fieldType, `${prefix}${name}.`) : [prefix + name]));
  }
  return paths;
}
