import fc from 'fast-check';
import { getIntrospectionQuery, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { documentError } from '../../src/graphql/documents/limits.js';
import { EXAMPLE_DOCUMENT } from '../../src/http/pages/example-operations.js';

const DEFAULTS = { maxDepth: 12, maxAliases: 100, maxRootFields: 50, maxFragments: 200 };

/** What is too large about a document, if anything. */
function errorOf(source: string, limits: Partial<typeof DEFAULTS> = {}): string | undefined {
  const violation = documentError(parse(source), { ...DEFAULTS, ...limits });
  if (violation !== undefined) expect(violation.code).toBe('OPERATION_TOO_LARGE');
  return violation?.message;
}

const nested = (levels: number, innermost = 'x'): string =>
  `${'{ x '.repeat(levels - 1)}{ ${innermost} }${' }'.repeat(levels - 1)}`;
const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

describe('depth counts fields inside each other, through fragments', () => {
  it('at most MAX_DEPTH', () => {
    expect(errorOf(nested(12))).toBeUndefined();
    expect(errorOf(nested(13))).toContain('12 levels deep (MAX_DEPTH)');
    expect(errorOf(nested(13), { maxDepth: 13 })).toBeUndefined();
  });

  it.each([
    ['a named fragment', `query ${nested(8, '...F')} fragment F on T ${nested(6)}`],
    ['one before its operation', `fragment F on T ${nested(6)} query ${nested(8, '...F')}`],
    ['an inline fragment', nested(8, `... on T ${nested(6)}`)],
    ['a chain of fragments', `{ ...A } fragment A on T ${nested(7, '...B')} fragment B on T ${nested(7)}`],
    ['the second operation', `query A { x } query B ${nested(13)}`],
  ])('in %s', (_, source) => {
    expect(errorOf(source)).toContain('MAX_DEPTH');
    expect(errorOf(source, { maxDepth: 13 })).toBeUndefined();
  });

  it.each([
    ['selections', nested(1_000)],
    ['inline fragments', `${'{ ... '.repeat(1_000)}{ x }${' }'.repeat(1_000)}`],
    ['lists', `{ x(y: ${'['.repeat(1_000)}${']'.repeat(1_000)}) }`],
    ['objects', `{ x(y: ${'{ z: '.repeat(800)}1${'}'.repeat(800)}) }`],
    ['types', `query ($y: ${'['.repeat(1_000)}Int${']'.repeat(1_000)}) { x }`],
  ])('a thousand levels of %s', (_, source) => {
    expect(errorOf(source)).toContain('MAX_DEPTH');
  });
});

describe('introspection has its own depth', () => {
  it.each([
    ['as graphql-js writes it', getIntrospectionQuery()],
    [
      'with everything that it can ask for',
      getIntrospectionQuery({
        descriptions: true,
        specifiedByUrl: true,
        directiveIsRepeatable: true,
        schemaDescription: true,
        inputValueDeprecation: true,
        oneOf: true,
      }),
    ],
  ])('%s', (_, source) => {
    expect(errorOf(source)).toBeUndefined();
    expect(errorOf(source, { maxDepth: 1 })).toBeUndefined();
  });

  it('which ends too', () => {
    const chain = (levels: number): string =>
      `{ __type(name: "X") { ${'ofType { '.repeat(levels)} name ${'}'.repeat(levels)} } }`;
    expect(errorOf(chain(18))).toBeUndefined();
    expect(errorOf(chain(19))).toContain('Introspection goes at most 20 levels deep');
  });
});

describe('aliases count wherever they come to stand', () => {
  const leaf = (count: number): string => many(count, (index) => `a${index}: x`);
  it.each([
    ['at the root of a field', (count: number) => `{ x { ${leaf(count)} } }`],
    ['in fields of fields', (count: number) => `{ x { y { ${leaf(count - 1)} } b: z { w } } }`],
    ['in an inline fragment', (count: number) => `{ x { ... on T { ${leaf(count)} } } }`],
    ['as the same field over and over', (count: number) => `{ x { y ${'y '.repeat(count)} } }`],
    ['as the same field in inline fragments', (count: number) => `{ x { y ${'... { y } '.repeat(count)} } }`],
    [
      'in a fragment that is spread twice',
      (count: number) => `{ x { ...F ...F } } fragment F on T { ${leaf(Math.ceil(count / 2))} }`,
    ],
  ])('%s', (_, source) => {
    expect(errorOf(source(100))).toBeUndefined();
    expect(errorOf(source(101))).toContain('100 aliases and repeated fields (MAX_ALIASES)');
  });

  it('10,000 of them', () => {
    expect(errorOf(`{ x { ${leaf(10_000)} } }`)).toContain('MAX_ALIASES');
  });

  it('in fragments that double 49 times', () => {
    const bomb = many(49, (index) => `fragment F${index} on T { ...F${index + 1} ...F${index + 1} }`);
    expect(errorOf(`{ ...F0 } ${bomb} fragment F49 on T { x { a: y } }`)).toContain('MAX_ALIASES');
  });
});

describe('fields at the root count', () => {
  it.each([
    ['as they are', (count: number) => `{ ${many(count, (index) => `x${index}`)} }`],
    [
      'in fragments',
      (count: number) => `{ ...F ... { y } } fragment F on T { ${many(count - 1, (i) => `x${i}`)} }`,
    ],
    ['of any operation', (count: number) => `query A { x } mutation B { ${many(count, (i) => `x${i}`)} }`],
  ])('%s', (_, source) => {
    expect(errorOf(source(50))).toBeUndefined();
    expect(errorOf(source(51))).toContain('50 fields at its root (MAX_ROOT_FIELDS)');
  });
});

describe('what validation would take too long for', () => {
  it.each([
    ['directives', (count: number) => `{ x ${'@skip(if: false) '.repeat(count)} }`, 200],
    ['fragments', (count: number) => `{ x } ${many(count, (index) => `fragment F${index} on T { x }`)}`, 200],
  ])('%s', (_, source, most) => {
    expect(errorOf(source(most))).toBeUndefined();
    expect(errorOf(source(most + 1))).toMatch(new RegExp(`at most ${most} `));
  });

  it('fragments inside themselves are left to validation', () => {
    expect(errorOf('{ ...A } fragment A on T { x { ...B } } fragment B on T { y { ...A } }')).toBeUndefined();
  });
});

describe('whatever is asked', () => {
  /** A tree of selections, its fields without alias, and how often an alias stands in it. */
  const { selection } = fc.letrec<{ selection: string }>((tie) => ({
    selection: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('x', 'a: x', 'b: y', '...F'),
      fc.array(tie('selection'), { minLength: 1, maxLength: 4 }).map((inner) => `z { ${inner.join(' ')} }`),
      fc.array(tie('selection'), { minLength: 1, maxLength: 4 }).map((inner) => `... { ${inner.join(' ')} }`),
    ),
  }));

  it('a fragment counts as if its fields stood in its place', () => {
    fc.assert(
      fc.property(selection, selection, fc.nat(12), fc.nat(12), (body, fragment, maxDepth, maxAliases) => {
        const inner = fragment.replaceAll('...F', '__typename');
        const limits = { maxDepth: maxDepth + 1, maxAliases };
        // In a place of its own no field repeats another one's name.
        const spread = `{ ${body.replaceAll('...F', 'f { ...F }')} } fragment F on T { ${inner} }`;
        const written = `{ ${body.replaceAll('...F', `f { ${inner} }`)} }`;
        expect(errorOf(spread, limits)).toEqual(errorOf(written, limits));
      }),
      { numRuns: 500 },
    );
  });
});

it('the operations of the explorer are far inside the limits', () => {
  expect(
    errorOf(EXAMPLE_DOCUMENT, { maxDepth: 4, maxAliases: 0, maxRootFields: 2, maxFragments: 0 }),
  ).toBeUndefined();
});
