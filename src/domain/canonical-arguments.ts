import { parseMac } from './addresses.js';
import { parseId } from './id.js';

/** Fields that hold a MAC address, and lists of them. */
const MACS: ReadonlySet<string> = new Set(['macAddress', 'mac', 'removeReservedClients']);
/** The `id` of the mutation itself; a reservation's is no id of 24 hex digits. */
const OWN_ID = 'id of the mutation';
/** Fields that hold an id of 24 hex digits. */
const IDS: ReadonlySet<string> = new Set([OWN_ID, 'model', 'customer', 'mvnoAccount', 'picture']);

/**
 * The arguments of a mutation as one text, the same for all that mean the same: the order of fields, the notation of a MAC
 * address and the case of an id make no difference, nor does an argument that is null, which is one that is absent. Inside an
 * input absent is not null.
 * @param args by name; the defaults of absent ones are filled in by the caller
 */
export function canonicalArguments(mutation: string, args: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(args).filter(([, value]) => value !== null && value !== undefined);
  const inOrder = given.toSorted(([one], [other]) => (one < other ? -1 : 1));
  const normal = inOrder.map(
    ([name, value]) => `["${name}",${canonical(value, name === 'id' ? OWN_ID : name)}]`,
  );
  return `${mutation}\0[${normal.join(',')}]`;
}

/** A value as JSON. Names of fields are GraphQL's, which JSON does not escape. */
function canonical(value: unknown, field: string): string {
  if (typeof value === 'string') return JSON.stringify(normalText(value, field));
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, field)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  const inOrder = fields.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${inOrder.map(([name, item]) => `"${name}":${canonical(item, name)}`).join(',')}}`;
}

function normalText(text: string, field: string): string {
  if (MACS.has(field)) return parseMac(text) ?? text;
  return IDS.has(field) ? (parseId(text) ?? text) : text;
}
