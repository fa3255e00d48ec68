import { describe, expect, it } from 'vitest';
import { answerTypeFor } from '../../src/graphql/request/answer-type.js';

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';

describe('answers are written in what the client prefers', () => {
  it.each([
    [undefined, JSON_TYPE],
    ['', JSON_TYPE],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    [JSON_TYPE, JSON_TYPE],
    ['Application/JSON', JSON_TYPE],
    ['application/json;v=2', JSON_TYPE],
    ['application/json; charset=utf-8', JSON_TYPE],
    [RESPONSE_TYPE, RESPONSE_TYPE],
    [`${RESPONSE_TYPE}, ${JSON_TYPE}`, RESPONSE_TYPE],
    [`${JSON_TYPE}, ${RESPONSE_TYPE}`, JSON_TYPE],
    [`${RESPONSE_TYPE}, ${JSON_TYPE};q=0.9`, RESPONSE_TYPE],
    [`${RESPONSE_TYPE};q=0.5, ${JSON_TYPE};q=0.9`, JSON_TYPE],
    [`${RESPONSE_TYPE}; charset=utf-8, ${JSON_TYPE}; charset=utf-8`, RESPONSE_TYPE],
    [`*/*, ${RESPONSE_TYPE}`, RESPONSE_TYPE],
    ['text/html, application/xhtml+xml, */*;q=0.8', JSON_TYPE],
    [`${JSON_TYPE};q=0, */*`, RESPONSE_TYPE],
    [`${JSON_TYPE};q=x`, JSON_TYPE],
    ['text/html', undefined],
    [`${JSON_TYPE};q=0`, undefined],
    ['*/*;q=0', undefined],
    [`${JSON_TYPE};q=0, ${RESPONSE_TYPE};q=0, */*`, undefined],
  ])('%s: %s', (accept, type) => {
    expect(answerTypeFor(accept)).toBe(type);
  });
});
