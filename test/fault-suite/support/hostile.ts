import { Dice } from './dice.js';
import { HostileDocuments, type RandomOperation } from './hostile-documents.js';
import { asRequest, inflating, oddBody, oddHeaders, otherPath, pageRequest } from './hostile-requests.js';
import { session } from './hostile-sessions.js';
import type { HostileStep, HostileVariation, HostileWorld } from './hostile-steps.js';

/** Characters that a request may have: often all that a body may, sometimes few, sometimes too many. */
const ROOMS: readonly number[] = [200, 2_000, 20_000, 90_000, 90_000, 90_000, 120_000];

/** How many requests belong to a document whose meaning depends on variables. */
const COMBINATIONS = 12;

/**
 * The attack that a seed and a turn decide.
 * @param round makes a document new each time, where the turn decides that it shall be; all else is the same in each round
 */
export function hostileVariation(
  world: HostileWorld,
  seed: number,
  turn: number,
  round: number,
): HostileVariation {
  const dice = new Dice(seed, turn);
  if (dice.isOneIn(2)) {
    const [kind, make] = dice.oneOf(STEPS);
    return { kind, steps: [make(dice, world)] };
  }
  const [kind, make] = dice.oneOf(OPERATIONS);
  const isKnown = dice.isOneIn(2);
  const mark = isKnown ? '' : `#${turn}-${round}\n`;
  const operations = make(
    new HostileDocuments(world.schema, dice, world.ids, dice.oneOf(ROOMS), dice.isOneIn(2)),
  );
  // A document is validated when it is new, and may be answered in another way from then on.
  const steps = operations.flatMap(({ soundVariables, ...operation }) => {
    const request = asRequest(dice, world, { ...operation, query: `${mark}${operation.query}` });
    if (!isKnown || operations.length > 1) return [request];
    return [asRequest(dice, world, { ...operation, variables: soundVariables }), request, request];
  });
  return { kind: `${kind}, ${isKnown ? 'known' : 'new'}`, steps };
}

const OPERATIONS: readonly (readonly [
  kind: string,
  make: (documents: HostileDocuments) => readonly RandomOperation[],
])[] = [
  ['query', (documents) => [documents.operation('query')]],
  ['query', (documents) => [documents.operation('query')]],
  ['query', (documents) => [documents.operation('query')]],
  ['query', (documents) => [documents.operation('query')]],
  ['mutation', (documents) => [documents.operation('mutation')]],
  ['mutation', (documents) => [documents.operation('mutation')]],
  ['mutation', (documents) => [documents.operation('mutation')]],
  ['subscription over HTTP', (documents) => [documents.operation('subscription')]],
  ['conditions', (documents) => documents.conditional(COMBINATIONS)],
  ['null for defaults', (documents) => [documents.nullForDefaults()]],
  ['introspection', (documents) => [documents.introspection()]],
  ['many operations', (documents) => [documents.manyOperations()]],
];

const STEPS: readonly (readonly [kind: string, make: (dice: Dice, world: HostileWorld) => HostileStep])[] = [
  ['odd body', oddBody],
  ['odd body', oddBody],
  ['inflating body', inflating],
  ['REST page', pageRequest],
  ['REST page', pageRequest],
  ['odd headers', oddHeaders],
  ['other path', otherPath],
  ['WebSocket', session],
  ['WebSocket', session],
];
