import { describe, expect, it } from 'vitest';
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.js';
import { GatewayError, inputError } from '../../src/errors/gateway-error.js';
import { toExtensions } from '../../src/errors/wire.js';

/** The table of the contract (section 7): code → REST code, REST message, retryable. Null: the value's own name or path. */
const TABLE: Readonly<Record<string, readonly [number, string | null, boolean]>> = {
  VALUE_NOT_PERMITTED: [409, null, false],
  ACCESS_DENIED: [403, 'access_denied', false],
  MAC_ADDRESS_IN_USE: [422, 'macAddress', false],
  INTERNAL_ERROR: [500, 'internal_error', false],
  INVALID_VALUE: [422, null, false],
  NOT_FOUND: [404, 'id', false],
  UNAUTHENTICATED: [401, null, false],
  VERSION_CONFLICT: [409, 'version', false],
  DEVICE_DELETING: [409, 'state', false],
  IDEMPOTENCY_KEY_REUSED: [422, 'idempotencyKey', false],
  MODEL_IN_USE: [409, 'id', false],
  DATABASE_UNAVAILABLE: [503, 'database_unavailable', true],
  OUTCOME_UNKNOWN: [503, 'outcome_unknown', false],
  OVERLOADED: [503, 'overloaded', true],
  RATE_LIMITED: [429, 'rate_limited', true],
  BAD_REQUEST: [400, 'bad_request', false],
  GRAPHQL_PARSE_FAILED: [400, 'bad_request', false],
  GRAPHQL_VALIDATION_FAILED: [400, 'bad_request', false],
  BAD_USER_INPUT: [400, 'bad_request', false],
  OPERATION_TOO_LARGE: [400, 'bad_request', false],
};

/** What is not the client's doing. */
const LOUD: Readonly<Record<string, string>> = {
  INTERNAL_ERROR: 'error',
  OUTCOME_UNKNOWN: 'error',
  DATABASE_UNAVAILABLE: 'warn',
  OVERLOADED: 'warn',
};

function codes(): readonly ErrorCode[] {
  return Object.keys(CATALOGUE).filter((code): code is ErrorCode => code in CATALOGUE);
}

describe('every code has the REST code, REST message and retry advice of the contract', () => {
  it.each(codes())('%s', (code) => {
    const [restCode, restMessage, retryable] = TABLE[code] ?? [];
    const { rest, ...extensions } = toExtensions(new GatewayError(code), 'request-1');
    expect(extensions).toEqual({ code, retryable, requestId: 'request-1' });
    expect(rest.code).toBe(restCode);
    if (restMessage !== null) expect(rest.message).toBe(restMessage);
  });

  it('the page names the first four codes with these sentences', () => {
    expect(CATALOGUE.VALUE_NOT_PERMITTED.message).toBe('Value is not one of the permitted values.');
    expect(CATALOGUE.ACCESS_DENIED.message).toMatch(/^Insufficient access level/);
    expect(CATALOGUE.MAC_ADDRESS_IN_USE.message).toBe('MAC address is already in use.');
  });

  it.each(codes())('%s has a sentence for people', (code) => {
    expect(new GatewayError(code).message).toMatch(/^[A-Z].*\.$/);
  });

  it.each(codes())('%s is logged as loud as an operator has to act on it', (code) => {
    expect(CATALOGUE[code].logLevel).toBe(LOUD[code] ?? 'debug');
  });

  it('only what wrote nothing for certain advises to retry', () => {
    expect(codes().filter((code) => CATALOGUE[code].retryable)).toEqual(
      codes().filter((code) => ['DATABASE_UNAVAILABLE', 'OVERLOADED', 'RATE_LIMITED'].includes(code)),
    );
  });
});

describe('an input error repeats its first violation at the top', () => {
  it.each([
    ['INVALID_VALUE', 'dhcp.reservedClients[2].mac', 422, 'dhcp.reservedClients[2].mac'],
    ['MAC_ADDRESS_IN_USE', 'macAddress', 422, 'macAddress'],
    ['VALUE_NOT_PERMITTED', 'filter.state[1]', 409, 'state'],
    ['VALUE_NOT_PERMITTED', 'filter.type', 409, 'type'],
    ['VALUE_NOT_PERMITTED', 'level', 409, 'level'],
    ['BAD_USER_INPUT', 'input.name', 400, 'bad_request'],
  ] as const)('%s at %s', (code, path, restCode, restMessage) => {
    const error = inputError([
      { path, code, message: 'First.' },
      { path: 'notes', code: 'INVALID_VALUE', message: 'Second.' },
    ]);
    const rest = { code: restCode, message: restMessage };
    expect(error.message).toBe('First.');
    expect(toExtensions(error, 'request-1')).toMatchObject({
      code,
      rest,
      violations: [
        { path, code, rest, message: 'First.' },
        { path: 'notes', code: 'INVALID_VALUE', rest: { code: 422, message: 'notes' }, message: 'Second.' },
      ],
      retryable: false,
      requestId: 'request-1',
    });
  });
});
