import type { Dice } from './dice.js';
import { HostileDocuments } from './hostile-documents.js';
import type { HostileFrame, HostileSession, HostileWorld } from './hostile-steps.js';
import { HostileValues } from './hostile-values.js';

/** As much as one request over HTTP may hold. */
const ROOM = 90_000;

/** As many operations as a connection may run. */
const MAX_OPERATIONS = 100;

const WATCH = 'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id version } }';

/** A WebSocket on which as much is sent as in one request over HTTP. */
export function session(dice: Dice, world: HostileWorld): HostileSession {
  const isStranger = world.authorization === undefined || dice.isOneIn(6);
  const connectionParams = isStranger ? {} : { authorization: world.authorization };
  return {
    via: 'websocket',
    connectionParams: dice.isOneIn(5) ? undefined : connectionParams,
    frames: dice.oneOf(FLOODS)(dice, world),
    isRead: !dice.isOneIn(4),
  };
}

type Flood = (dice: Dice, world: HostileWorld) => readonly HostileFrame[];

const FLOODS: readonly Flood[] = [
  (dice) => many({ type: dice.oneOf(['ping', 'pong']) }),
  (dice) => many({ type: 'ping', payload: { a: 'x'.repeat(dice.oneOf([1, 1_000, 80_000])) } }),
  (dice) => frames(dice.oneOf(['ping', 'pong']), dice.oneOf(['', 'x'.repeat(125)])),
  (dice, { ids }) => many({ type: new HostileValues(dice, ids).odd(30) }),
  () => many({ type: 'complete', id: 'none' }),
  () => many({ type: 'connection_init', payload: {} }),
  (dice, { ids }) => [message({ type: 'connection_init', payload: new HostileValues(dice, ids).odd(ROOM) })],
  (dice, { ids }) => watchers(dice.oneOf([[], ids, null]), dice.oneOf([1, 10, MAX_OPERATIONS])),
  (dice) => watchers(invented(dice, dice.oneOf([10, 100, 1_000])), MAX_OPERATIONS),
  () => [subscribe('1', WATCH, {}), subscribe('1', WATCH, {})],
  (dice, { ids }) =>
    watchers(dice.oneOf([[], ids]), MAX_OPERATIONS).flatMap((one, index) => [
      one,
      message({ type: 'complete', id: String(index) }),
    ]),
  (dice) => [subscribe('x'.repeat(dice.oneOf([256, 80_000])), WATCH, {})],
  (dice, { ids }) => [
    message({ id: '1', type: 'subscribe', payload: new HostileValues(dice, ids).odd(ROOM) }),
  ],
  operationFrames,
  operationFrames,
  operationFrames,
  (dice) => [{ kind: 'binary', data: 'x'.repeat(dice.oneOf([1, ROOM])), isLast: true }],
  (dice) => [{ kind: 'text', data: '['.repeat(dice.oneOf([1, ROOM])), isLast: true }],
  () => pieces(JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(3_000) } })),
];

/** One operation of any kind, once or as often as there is room. */
function operationFrames(dice: Dice, { schema, ids }: HostileWorld): readonly HostileFrame[] {
  const count = dice.oneOf([1, 1, 1, 10, MAX_OPERATIONS]);
  const documents = new HostileDocuments(schema, dice, ids, ROOM / count);
  const kind = dice.oneOf(['subscription', 'subscription', 'subscription', 'query', 'mutation'] as const);
  const { query, variables } = documents.operation(kind);
  return Array.from({ length: count }, (_, index) => subscribe(String(index), query, variables));
}

function watchers(ids: readonly string[] | null, count: number): readonly HostileFrame[] {
  const fitting = Math.floor(ROOM / JSON.stringify({ WATCH, ids }).length);
  return Array.from({ length: Math.max(1, Math.min(count, fitting)) }, (_, index) =>
    subscribe(String(index), WATCH, { ids }),
  );
}

function invented(dice: Dice, count: number): readonly string[] {
  return Array.from({ length: count }, () =>
    dice
      .below(2 ** 30)
      .toString(16)
      .padStart(24, '0'),
  );
}

function subscribe(id: string, query: string, variables: unknown): HostileFrame {
  return message({ id, type: 'subscribe', payload: { query, variables } });
}

function message(value: unknown): HostileFrame {
  return { kind: 'text', data: JSON.stringify(value), isLast: true };
}

/** A message as often as there is room. */
function many(value: unknown): readonly HostileFrame[] {
  const one = message(value);
  return Array.from({ length: Math.max(1, Math.floor(ROOM / (one.data.length + 6))) }, () => one);
}

function frames(kind: 'ping' | 'pong', data: string): readonly HostileFrame[] {
  return Array.from({ length: Math.floor(ROOM / (data.length + 6)) }, () => ({ kind, data }));
}

/** One message in frames of one character each. */
function pieces(text: string): readonly HostileFrame[] {
  return Array.from(text, (data, index) => ({ kind: 'text', data, isLast: index === text.length - 1 }));
}
