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
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(args)) if (value !== null) given[name] = value;
  return `${mutation}\0${fieldsOf(given, { id: OWN_ID })}`;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields of an object in the order of their names, which are GraphQL's and need no escapes. Texts stand behind their length, and
 * parts are joined in place: escapes, and arrays of parts, take twice the time.
 */
function fieldsOf(fields: Fields, meanings: Readonly<Record<string, string>> = {}): string {
  let text = '{';
  for (const name of Object.keys(fields).sort()) {
    if (fields[name] !== undefined) text += `${name}:${canonical(fields[name], meanings[name] ?? name)}`;
  }
  return `${text}}`;
}

function canonical(value: unknown, field: string): string {
  if (typeof value === 'string') {
    const normal = normalText(value, field);
    return `"${normal.length}:${normal}`;
  }
  if (isFields(value)) return fieldsOf(value);
  if (!Array.isArray(value)) return `${String(value)},`;
  let text = '[';
  for (const item of value) text += canonical(item, field);
  return `${text}]`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function normalText(text: string, field: string): string {
  if (MACS.has(field)) return parseMac(text) ?? text;
  return IDS.has(field) ? (parseId(text) ?? text) : text;
}
