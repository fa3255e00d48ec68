import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import type { Dice } from './dice.js';

/** Texts whose repetition some parser, pattern, comparison or encoder may find hard. */
const PIECES: readonly string[] = [
  'x',
  ' ',
  'Did you mean ',
  'Did you mean "a" or "b"?',
  '"',
  '\\',
  '\u0000',
  '\n',
  'é',
  'İ',
  '😀',
  '\ud800',
  '(',
  '%',
  '_',
  "'",
  '{',
  '$',
  'a:',
  '0',
  '1.',
  '::',
  'e\u0301',
  '__proto__',
  `${'a'.repeat(30)}!`,
];

/** Lengths just below and above what limits may be, and what fills the room that there is. */
const LENGTHS: readonly number[] = [0, 1, 2, 100, 101, 256, 257, 500, 501, 1_000, 1_001, Infinity, Infinity];

/** Values that are wrong for most types. */
const ODD: readonly unknown[] = [
  1e308,
  -1,
  0.5,
  2 ** 31,
  -(2 ** 53),
  true,
  false,
  'word',
  '',
  [],
  {},
  [null],
  [[[]]],
  { id: {} },
  JSON.parse('{"__proto__": 1, "constructor": {"prototype": {}}}'),
];

/** Makes values that are hard to check, right or wrong ones. */
export class HostileValues {
  /**
   * @param ids that are there, so that some requests find something
   * @param isGreedy nothing is wrong with the values but how much they ask for
   */
  constructor(
    private readonly dice: Dice,
    private readonly ids: readonly string[],
    private readonly isGreedy = false,
  ) {}

  /** A value for a type. @param room how many characters of JSON it may take, about */
  of(type: GraphQLInputType, room: number): unknown {
    if (this.isGreedy) return this.#greedy(type, room);
    switch (this.dice.below(12)) {
      case 0:
        return null;
      case 1:
        return this.odd(room);
      default:
        return this.#shaped(type, room);
    }
  }

  /** A value of the type that nothing is wrong with. */
  sound(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return this.sound(type.ofType);
    if (isListType(type)) return [this.sound(type.ofType)];
    if (isInputObjectType(type)) {
      const needed = Object.values(type.getFields()).filter(({ type: inner }) => isNonNullType(inner));
      return Object.fromEntries(needed.map(({ name, type: inner }) => [name, this.sound(inner)]));
    }
    if (isEnumType(type)) return this.dice.oneOf(type.getValues()).name;
    return this.#soundScalar(type.name);
  }

  /** A value of some other type, small or as large as there is room. */
  odd(room: number): unknown {
    switch (this.dice.below(7)) {
      case 0:
        return this.text(room);
      case 1:
        return this.#unknownFields(room);
      case 2:
        return repeated({}, room);
      case 3:
        return repeated(this.dice.oneOf(ODD), room);
      case 4:
        return nested(this.#depth(room), (inner) => [inner]);
      case 5:
        return nested(this.#depth(room / 5), (inner) => ({ id: inner }));
      default:
        return this.dice.oneOf(ODD);
    }
  }

  /** A text that is hard to look through. */
  text(room: number): string {
    const piece = this.dice.oneOf(PIECES);
    const fitting = Math.max(1, Math.floor(room / (JSON.stringify(piece).length - 2)));
    return piece.repeat(Math.min(fitting, this.dice.oneOf(LENGTHS)));
  }

  /** As much as the type and its limits let one ask for. */
  #greedy(type: GraphQLInputType, room: number): unknown {
    if (isNonNullType(type)) return this.#greedy(type.ofType, room);
    if (isListType(type)) {
      const one = this.#greedy(type.ofType, 60);
      const fitting = Math.floor(room / (sizeOf(one) + 1));
      const count = Math.min(fitting, this.dice.oneOf([256, 500, 1_000, 1_000, Infinity]));
      const isSame = this.dice.isOneIn(2);
      return Array.from({ length: count }, () => (isSame ? one : this.#greedy(type.ofType, 60)));
    }
    if (isInputObjectType(type)) {
      const fields = Object.values(type.getFields());
      const chosen = fields.filter(({ type: inner }) => isNonNullType(inner) || this.dice.isOneIn(2));
      const each = Math.floor(room / Math.max(1, chosen.length));
      return Object.fromEntries(chosen.map(({ name, type: inner }) => [name, this.#greedy(inner, each)]));
    }
    if (isEnumType(type)) return this.dice.oneOf(type.getValues()).name;
    if (type.name === 'Int') return this.dice.oneOf([20, 100, 500]);
    return type.name === 'String' && room > 60 ? this.text(room) : this.#soundScalar(type.name);
  }

  #depth(room: number): number {
    return Math.floor(Math.min(room / 2, this.dice.oneOf([10, 100, 1_000])));
  }

  #shaped(type: GraphQLInputType, room: number): unknown {
    if (isNonNullType(type)) return this.#shaped(type.ofType, room);
    if (isListType(type)) return this.#list(type.ofType, room);
    if (isInputObjectType(type)) return this.#object(type, room);
    if (this.dice.isOneIn(3)) return this.text(room);
    if (isEnumType(type)) return this.dice.oneOf([...type.getValues().map(({ name }) => name), 'NOTHING']);
    return this.dice.isOneIn(4) ? this.dice.oneOf(ODD) : this.#soundScalar(type.name);
  }

  #list(item: GraphQLInputType, room: number): unknown {
    const one = this.of(item, this.dice.isOneIn(6) ? room : Math.min(room, 60));
    const count = Math.floor(Math.min(this.dice.oneOf(LENGTHS), room / (sizeOf(one) + 1)));
    if (this.dice.isOneIn(3)) {
      // All of them different, as far as their type allows.
      const each = Math.max(4, Math.floor(room / (count + 1)) - 1);
      const list: unknown[] = [];
      for (let left = room; left > 0 && list.length < count; left -= sizeOf(list.at(-1)) + 1)
        list.push(this.of(item, Math.min(each, 60)));
      return list;
    }
    const list = Array.from({ length: count }, () => one);
    return this.dice.isOneIn(4) ? [...list, this.odd(20)] : list;
  }

  #object(type: GraphQLInputObjectType, room: number): unknown {
    const fields = Object.values(type.getFields());
    switch (this.dice.below(5)) {
      case 0:
        return this.#unknownFields(room);
      case 1: {
        // One leaf has all the room, the rest is what is needed.
        const needed = fields.filter(({ type: inner }) => isNonNullType(inner));
        const sound = needed.map(({ name, type: inner }): [string, unknown] => [name, this.sound(inner)]);
        const one = this.dice.oneOf(fields);
        return Object.fromEntries([...sound, [one.name, this.of(one.type, room)]]);
      }
      case 2:
        return Object.fromEntries(fields.map(({ name }) => [name, null]));
      default: {
        const each = Math.floor(room / fields.length);
        return Object.fromEntries(fields.map(({ name, type: inner }) => [name, this.of(inner, each)]));
      }
    }
  }

  #unknownFields(room: number): unknown {
    const value = this.dice.oneOf<unknown>([0, null, {}, 'x']);
    const count = Math.floor(Math.min(room / (sizeOf(value) + 8), this.dice.oneOf([1, 10, 300, Infinity])));
    return Object.fromEntries(Array.from({ length: count }, (_, index) => [`u${index}`, value]));
  }

  #soundScalar(name: string): unknown {
    switch (name) {
      case 'Boolean':
        return this.dice.isOneIn(2);
      case 'Int':
        return this.dice.oneOf([0, 1, 20, 100, 500, 501, 2_147_483_647, -1]);
      case 'ID':
        return this.dice.oneOf([...this.ids, this.#invented(), this.#invented()]);
      case '_Any':
        return {
          __typename: this.dice.oneOf(['NetworkDevice', 'Customer', 'DeviceModel', 'Nothing']),
          id: this.dice.oneOf([...this.ids, this.#invented()]),
        };
      case 'DateTime':
        return this.dice.oneOf(['2026-01-01T00:00:00Z', '+275760-09-13T00:00:00Z']);
      default:
        return this.dice.oneOf(['192.168.0.7', '::1', '12-34-56-78-90-ab', 'word', '']);
    }
  }

  #invented(): string {
    return Array.from({ length: 24 }, () => this.dice.below(16).toString(16)).join('');
  }
}

/** Characters of JSON. */
function sizeOf(value: unknown): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}

function repeated(value: unknown, room: number): unknown {
  return Array.from({ length: Math.floor(room / (sizeOf(value) + 1)) }, () => value);
}

function nested(depth: number, around: (inner: unknown) => unknown): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level += 1) value = around(value);
  return value;
}

/** A value as a GraphQL literal; texts that are names of enum values stand without quotes. */
export function literalOf(value: unknown, enumValues: ReadonlySet<string>): string {
  if (typeof value === 'string') return enumValues.has(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => literalOf(item, enumValues)).join(' ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${literalOf(inner, enumValues)}`);
  return `{${fields.join(' ')}}`;
}
