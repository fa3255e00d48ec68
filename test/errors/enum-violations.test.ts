import {
  buildSchema,
  getOperationAST,
  type GraphQLFormattedError,
  GraphQLError,
  parse,
  validate,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Violation } from '../../src/errors/gateway-error.js';
import { presentErrors } from '../../src/graphql/errors/request-errors.js';
import { variableViolations } from '../../src/graphql/documents/variable-violations.js';

// No operation takes an enum yet, so a schema of the test stands for those that will.
const schema = buildSchema(`
  enum State { ACTIVE DELETING }
  enum Level { LOW HIGH }
  input Inner { level: Level, levels: [Level!] }
  input Filter { state: [State!], type: State, inner: Inner, inners: [Inner!], count: Int, word: String, needed: Boolean }
  input Strict { must: String! }
  type Query {
    list(filter: Filter, state: State, states: [State!], count: Int, word: String, strict: Strict): String
    sorted(by: State! = ACTIVE): String
  }
`);

/** The canary of these tests: no message may repeat a value. */
const VALUE = 'Zq7canaryW9';

/** Validates a document as Apollo Server does, and presents what is wrong with it. */
function documentErrors(source: string): readonly GraphQLFormattedError[] {
  const document = parse(source);
  const errors = validate(schema, document).map(
    (error) =>
      new GraphQLError(error.message, {
        ...(error.nodes && { nodes: error.nodes }),
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      }),
  );
  return presentErrors(errors, { requestId: 'request-1', schema, document });
}

function faultsOf(
  source: string,
  variables: Record<string, unknown>,
  operationName?: string,
): readonly Violation[] {
  const document = parse(source);
  const operation = getOperationAST(document, operationName);
  if (!operation) throw new Error('There is no such operation.');
  expect(validate(schema, document)).toEqual([]);
  return variableViolations(schema, document, operation, variables);
}

describe('a literal outside its enum is VALUE_NOT_PERMITTED with the name of its field or argument', () => {
  it.each([
    ['{ list(state: NOPE) }', 'state', 'state'],
    [`{ list(state: ${VALUE}) }`, 'state', 'state'],
    [`{ list(state: "${VALUE}") }`, 'state', 'state'],
    ['{ list(state: "ACTIVE") }', 'state', 'state'],
    ['{ list(state: active) }', 'state', 'state'],
    ['{ list(state: 1) }', 'state', 'state'],
    ['{ list(state: true) }', 'state', 'state'],
    [`{ list(states: [ACTIVE, ${VALUE}]) }`, 'states', 'states'],
    [`{ list(filter: { type: ${VALUE} }) }`, 'filter.type', 'type'],
    [`{ list(filter: { state: [${VALUE}] }) }`, 'filter.state', 'state'],
    [`{ list(filter: { state: ${VALUE} }) }`, 'filter.state', 'state'],
    [`{ list(filter: { inner: { level: ${VALUE} } }) }`, 'filter.inner.level', 'level'],
    [`{ list(filter: { inners: [{ levels: [LOW, ${VALUE}] }] }) }`, 'filter.inners', 'levels'],
    [`{ aliased: list(filter: { type: ${VALUE} }) }`, 'filter.type', 'type'],
    [`query ($state: State = ${VALUE}) { list(state: $state) }`, 'state', 'state'],
    [
      `query A($s: [State!] = [ACTIVE, ${VALUE}]) { list(filter: { state: $s }) } query B($s: State) { list(state: $s) }`,
      'filter.state[1]"',
      'state',
    ],
  ])('%s', (source, pathStart, name) => {
    const [error, ...others] = documentErrors(source);
    expect(others).toEqual([]);
    const rest = { code: 409, message: name };
    expect(error).toMatchObject({
      message: 'Value is not one of the permitted values.',
      extensions: { code: 'VALUE_NOT_PERMITTED', rest, violations: [{ code: 'VALUE_NOT_PERMITTED', rest }] },
    });
    const [violation] = Array.isArray(error?.extensions?.['violations'])
      ? error.extensions['violations'].map((entry: unknown) => JSON.stringify(entry))
      : [];
    expect(violation).toContain(`"path":"${pathStart}`);
    expect(JSON.stringify(error)).not.toContain(VALUE);
  });

  it('other bad literals are GRAPHQL_VALIDATION_FAILED, without the value', () => {
    for (const source of [
      `{ list(count: "${VALUE}") }`,
      `{ list(count: ${VALUE}) }`,
      `{ list(word: ${VALUE}) }`,
      `{ list(word: [${VALUE}]) }`,
      `{ list(filter: "${VALUE}") }`,
      `{ list(filter: { needed: "${VALUE}" }) }`,
      `{ list(filter: { nope: "${VALUE}" }) }`,
      `{ list(nope: "${VALUE}") }`,
      `{ list(strict: { }) }`,
    ]) {
      const [error, ...others] = documentErrors(source);
      expect(others).toEqual([]);
      expect(error?.extensions, source).toMatchObject({
        code: 'GRAPHQL_VALIDATION_FAILED',
        rest: { code: 400, message: 'bad_request' },
      });
      expect(JSON.stringify(error)).not.toContain(VALUE);
    }
  });
});

describe('a variable outside its enum is VALUE_NOT_PERMITTED at the place it is given to, whatever its name', () => {
  it.each([
    ['query ($state: State) { list(state: $state) }', { state: VALUE }, 'state'],
    ['query ($s: State) { list(state: $s) }', { s: VALUE }, 'state'],
    ['query ($s: State) { list(state: $s) }', { s: 1 }, 'state'],
    ['query ($s: State) { list(state: $s) }', { s: 'active' }, 'state'],
    ['query ($s: State) { list(state: $s) }', { s: { x: VALUE } }, 'state'],
    ['query ($s: State) { list(filter: { type: $s }) }', { s: VALUE }, 'filter.type'],
    ['query ($s: [State!]) { list(states: $s) }', { s: ['ACTIVE', VALUE] }, 'states[1]'],
    ['query ($s: [State!]) { list(states: $s) }', { s: VALUE }, 'states'],
    ['query ($f: Filter) { list(filter: $f) }', { f: { type: VALUE } }, 'filter.type'],
    ['query ($f: Filter) { list(filter: $f) }', { f: { state: ['ACTIVE', VALUE] } }, 'filter.state[1]'],
    ['query ($f: Filter) { list(filter: $f) }', { f: { inner: { level: VALUE } } }, 'filter.inner.level'],
    [
      'query ($f: Filter) { list(filter: $f) }',
      { f: { inners: [{}, { levels: ['LOW', VALUE] }] } },
      'filter.inners[1].levels[1]',
    ],
    ['query ($i: Inner) { list(filter: { inner: $i }) }', { i: { level: VALUE } }, 'filter.inner.level'],
  ])('%s with %j: %s', (source, variables, path) => {
    const errors = faultsOf(source, variables);
    expect(errors).toEqual([
      { path, code: 'VALUE_NOT_PERMITTED', message: 'Value is not one of the permitted values.' },
    ]);
  });

  it('of the operation that runs, of a list the place, and of two places the first', () => {
    const source = `query A($s: State) { list(state: $s) } query B($s: State!) { ...F } query C($s: State) { list(filter: { type: $s }, state: $s) }
      fragment F on Query { list(filter: { state: [ACTIVE, $s] }) }`;
    const pathIn = (operation: string): readonly string[] =>
      faultsOf(source, { s: VALUE }, operation).map(({ path }) => path);
    expect(pathIn('A')).toEqual(['state']);
    expect(pathIn('B')).toEqual(['filter.state[1]']);
    expect(pathIn('C')).toEqual(['filter.type']);
  });

  it('every bad value has its violation, in the order of the input', () => {
    const f = { state: [VALUE, 'ACTIVE', 'NOPE'], inner: { level: 'NOPE' }, count: VALUE };
    const errors = faultsOf('query ($f: Filter) { list(filter: $f) }', { f });
    expect(errors.map(({ path, code }) => [path, code])).toEqual([
      ['filter.state[0]', 'VALUE_NOT_PERMITTED'],
      ['filter.state[2]', 'VALUE_NOT_PERMITTED'],
      ['filter.inner.level', 'VALUE_NOT_PERMITTED'],
      [expect.stringMatching(/count$/), 'BAD_USER_INPUT'],
    ]);
  });

  it('good values and null are no violation', () => {
    const source = 'query ($f: Filter, $s: State) { list(filter: $f, state: $s) }';
    expect(faultsOf(source, { f: { state: ['ACTIVE'], type: null }, s: null })).toEqual([]);
    expect(faultsOf(source, {})).toEqual([]);
  });
});

describe('any other variable that does not fit is BAD_USER_INPUT at its place, without the value', () => {
  it.each([
    ['query ($c: Int) { list(count: $c) }', { c: VALUE }, 'count'],
    ['query ($c: Int!) { list(count: $c) }', {}, 'count'],
    ['query ($c: Int!) { list(count: $c) }', { c: null }, 'count'],
    ['query ($w: String) { list(word: $w) }', { w: [VALUE] }, 'word'],
    ['query ($w: String) { list(filter: { word: $w }) }', { w: { password: VALUE } }, 'filter.word'],
    ['query ($f: Filter) { list(filter: $f) }', { f: VALUE }, 'filter'],
    ['query ($f: Filter) { list(filter: $f) }', { f: { nope: VALUE } }, 'filter.nope'],
    ['query ($f: Filter) { list(filter: $f) }', { f: { [`n-${'o'.repeat(90)}`]: VALUE } }, 'filter'],
    ['query ($f: Filter) { list(filter: $f) }', { f: { needed: VALUE } }, 'filter.needed'],
    ['query ($s: Strict) { list(strict: $s) }', { s: {} }, 'strict.must'],
    ['query ($s: Strict) { list(strict: $s) }', { s: { must: null } }, 'strict.must'],
    ['query ($s: [State!]) { list(states: $s) }', { s: [null] }, 'states[0]'],
    ['query ($c: Boolean!) { list @include(if: $c) }', { c: VALUE }, 'if'],
    ['query ($s: State) { sorted(by: $s) }', { s: null }, 'by'],
  ])('%s with %j: %s', (source, variables, path) => {
    const errors = faultsOf(source, variables);
    expect(errors).toMatchObject([{ path, code: 'BAD_USER_INPUT' }]);
    expect(errors[0]?.message).toContain(`"${path}"`);
    expect(JSON.stringify(errors)).not.toContain(VALUE);
  });

  it('a variable that is not sent leaves the default of its place', () => {
    expect(faultsOf('query ($s: State) { sorted(by: $s) }', {})).toEqual([]);
  });
});
