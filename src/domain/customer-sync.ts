import { invalidValue, type Violation } from '../errors/gateway-error.js';
import { parseId } from './id.js';
import { isName, NAME_RULE, normalName } from './name.js';

/** What the platform says of one customer: absent leaves a value; a parent reseller that is null is the top of the tree. */
export interface CustomerPatch {
  /** As it was sent. */
  readonly id: string;
  readonly name?: string | null;
  readonly parentReseller?: string | null;
}

/** A customer as it is stored. */
export interface KnownCustomer {
  readonly id: string;
  readonly name: string;
  readonly parentResellerId: string | null;
}

/** A customer that is to be inserted, or changed at `paths`. */
export interface CustomerChange extends KnownCustomer {
  readonly isNew: boolean;
  readonly paths: readonly ('name' | 'parentReseller')[];
}

/** Maximum number of customers of one call. */
export const MAX_SYNCED = 500;

/** The ids in a call, in normal form: customers and parent resellers. */
export function idsOfSync(patches: readonly CustomerPatch[]): readonly string[] {
  const ids = patches.flatMap(({ id, parentReseller }) => [id, parentReseller ?? '']);
  return [...new Set(ids.flatMap((id) => parseId(id) ?? []))];
}

/** The customers as they are to be: those of the call, and those that are known. */
interface ChangedTree {
  readonly known: ReadonlyMap<string, KnownCustomer>;
  readonly changed: ReadonlyMap<string, CustomerChange>;
}

/**
 * What a call makes of the customers that are known.
 * @param known those of the call and their parent resellers, with all that stand above them
 * @returns what is to be written, without what is so already
 */
export function changesOfSync(
  patches: readonly CustomerPatch[],
  known: ReadonlyMap<string, KnownCustomer>,
): readonly CustomerChange[] {
  return patches
    .map((patch) => toChange(patch, known))
    .filter(({ isNew, paths }) => isNew || paths.length > 0);
}

/** Every violation of a call, in the order of its customers. @param known as above */
export function violationsOfSync(
  patches: readonly CustomerPatch[],
  known: ReadonlyMap<string, KnownCustomer>,
): readonly Violation[] {
  if (patches.length === 0 || patches.length > MAX_SYNCED) {
    return [invalidValue('customers', `From 1 to ${MAX_SYNCED} of them.`)];
  }
  const changes = patches.map((patch) => toChange(patch, known));
  const tree = { known, changed: new Map(changes.map((change) => [change.id, change])) };
  const inRing = membersOfRings(tree);
  const seen = new Set<string>();
  return patches.flatMap((patch, index) => {
    const at = `customers[${index}]`;
    const id = parseId(patch.id);
    if (id === undefined) return [invalidValue(`${at}.id`, 'An id has 24 hex digits.')];
    if (seen.has(id)) return [invalidValue(`${at}.id`, 'A customer stands in a call once.')];
    seen.add(id);
    const name = nameViolation(patch, known.has(id));
    const parent = parentViolation(patch, tree, inRing.has(id));
    return [
      ...(name === undefined ? [] : [invalidValue(`${at}.name`, name)]),
      ...(parent === undefined ? [] : [invalidValue(`${at}.parentReseller`, parent)]),
    ];
  });
}

function nameViolation({ name }: CustomerPatch, isKnown: boolean): string | undefined {
  if (name === undefined) return isKnown ? undefined : 'A new customer needs a name.';
  return name !== null && isName(normalName(name)) ? undefined : NAME_RULE;
}

function parentViolation(
  { parentReseller }: CustomerPatch,
  { known, changed }: ChangedTree,
  isInRing: boolean,
): string | undefined {
  if (parentReseller === undefined || parentReseller === null) return undefined;
  const id = parseId(parentReseller);
  if (id === undefined || !(known.has(id) || changed.has(id))) return 'There is no such customer.';
  return isInRing ? 'A customer cannot be below itself in the reseller tree.' : undefined;
}

function toChange(
  { id, name, parentReseller }: CustomerPatch,
  known: ReadonlyMap<string, KnownCustomer>,
): CustomerChange {
  const normalId = parseId(id) ?? id;
  const before = known.get(normalId);
  const after = {
    id: normalId,
    name: name === undefined || name === null ? (before?.name ?? '') : normalName(name),
    parentResellerId:
      parentReseller === undefined
        ? (before?.parentResellerId ?? null)
        : parentReseller && (parseId(parentReseller) ?? parentReseller),
  };
  const isNew = before === undefined;
  return {
    ...after,
    isNew,
    paths: [
      ...(before?.name === after.name ? [] : (['name'] as const)),
      ...((before?.parentResellerId ?? null) === after.parentResellerId ? [] : (['parentReseller'] as const)),
    ],
  };
}

/** The customers of a call that come back to themselves on their way up the tree. */
function membersOfRings({ known, changed }: ChangedTree): ReadonlySet<string> {
  const parentOf = (id: string): string | null =>
    (changed.get(id) ?? known.get(id))?.parentResellerId ?? null;
  const inRing = new Set<string>();
  const done = new Set<string>();
  for (const start of changed.keys()) {
    const way: string[] = [];
    const places = new Map<string, number>();
    let id: string | null = start;
    while (id !== null && !done.has(id) && !places.has(id)) {
      places.set(id, way.push(id) - 1);
      id = parentOf(id);
    }
    const ringStart = id === null ? undefined : places.get(id);
    if (ringStart !== undefined) for (const member of way.slice(ringStart)) inRing.add(member);
    for (const passed of way) done.add(passed);
  }
  return inRing;
}
