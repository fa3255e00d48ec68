import { describe, expect, it } from 'vitest';
import { withDeviceId } from '../../src/errors/with-device-id.js';
import { CATALOGUE, isErrorCode } from '../../src/errors/catalogue.js';
import { type ErrorFacts, GatewayError, inputError } from '../../src/errors/gateway-error.js';
import { LoggableError } from '../../src/errors/loggable-error.js';
import { SecretError } from '../../src/errors/secret-error.js';
import { StartupError } from '../../src/errors/startup-error.js';
import { toExtensions } from '../../src/errors/wire.js';

const BAD_NAME = { path: 'name', code: 'INVALID_VALUE', message: 'Bad name.' } as const;

describe('an error carries on the wire what is known of it, and no key for what is not', () => {
  const plain = {
    code: 'VERSION_CONFLICT',
    rest: { code: 409, message: 'version' },
    retryable: false,
    requestId: 'request-1',
  };
  it.each<[string, ErrorFacts, object]>([
    ['nothing', {}, {}],
    ['the device', { deviceId: 'd1' }, { deviceId: 'd1' }],
    ['the current version', { currentVersion: 7 }, { currentVersion: 7 }],
    ['the version 0', { currentVersion: 0 }, { currentVersion: 0 }],
    ['how long to wait', { retryAfterMs: 1500 }, { retryAfterMs: 1500 }],
    ['no wait at all', { retryAfterMs: 0 }, { retryAfterMs: 0 }],
    ['a message of its own', { message: 'Own words.' }, {}],
    ['a REST message of its own', { restMessage: 'expired' }, { rest: { code: 409, message: 'expired' } }],
  ])('%s', (_, facts, added) => {
    const extensions = toExtensions(new GatewayError('VERSION_CONFLICT', facts), 'request-1');
    expect(extensions).toStrictEqual({ ...plain, ...added });
  });

  it('every violation has its own REST view', () => {
    const error = inputError(
      [BAD_NAME, { path: 'macAddress', code: 'MAC_ADDRESS_IN_USE', message: 'Taken.' }],
      { deviceId: 'd1' },
    );
    expect(toExtensions(error, 'request-1')).toStrictEqual({
      code: 'INVALID_VALUE',
      rest: { code: 422, message: 'name' },
      violations: [
        { ...BAD_NAME, rest: { code: 422, message: 'name' } },
        {
          path: 'macAddress',
          code: 'MAC_ADDRESS_IN_USE',
          rest: { code: 422, message: 'macAddress' },
          message: 'Taken.',
        },
      ],
      deviceId: 'd1',
      retryable: false,
      requestId: 'request-1',
    });
  });

  it('an error that is about no device names none', () => {
    expect(toExtensions(inputError([BAD_NAME]), 'request-1')).not.toHaveProperty('deviceId');
  });

  it.each([
    ['states', 'states'],
    ['states[12]', 'states'],
    ['filter.inners[1].levels[10]', 'levels'],
    ['list[0].level', 'level'],
  ])('a value outside its set at %s is called %s on the REST page', (path, name) => {
    const error = inputError([{ path, code: 'VALUE_NOT_PERMITTED', message: 'No.' }]);
    expect(toExtensions(error, 'request-1').rest).toEqual({ code: 409, message: name });
  });
});

describe('an error speaks its own sentence, or that of the catalogue', () => {
  it('has the sentence of its code where the place of the error knows none better', () => {
    expect(new GatewayError('NOT_FOUND').message).toBe(CATALOGUE.NOT_FOUND.message);
    expect(new GatewayError('NOT_FOUND', { message: 'Own words.' }).message).toBe('Own words.');
  });

  it('keeps its cause for the log', () => {
    const cause = new Error('inside');
    expect(new GatewayError('INTERNAL_ERROR', {}, { cause }).cause).toBe(cause);
  });
});

describe('only codes of the catalogue are ours', () => {
  it.each([
    ['NOT_FOUND', true],
    ['P2002', false],
    ['', false],
    ['toString', false],
    ['__proto__', false],
    [undefined, false],
    [404, false],
    [['NOT_FOUND'], false],
  ])('%j: %s', (code, isOurs) => {
    expect(isErrorCode(code)).toBe(isOurs);
  });
});

describe('aboutDevice names the device in every error', () => {
  const failing = async (error: Error): Promise<unknown> =>
    await withDeviceId('d1', async () => await Promise.reject(error)).catch((caught: unknown) => caught);

  it('hands a result through', async () => {
    await expect(withDeviceId('d1', async () => await Promise.resolve('done'))).resolves.toBe('done');
  });

  it('adds it to an error that names none, and leaves the rest of it', async () => {
    const cause = new Error('inside');
    const error = new GatewayError('VERSION_CONFLICT', { currentVersion: 3 }, { cause });
    expect(await failing(error)).toMatchObject({
      code: 'VERSION_CONFLICT',
      facts: { currentVersion: 3, deviceId: 'd1' },
      cause,
    });
  });

  it('leaves an error that names another device', async () => {
    const error = new GatewayError('NOT_FOUND', { deviceId: 'd2' });
    expect(await failing(error)).toBe(error);
  });

  it('makes an unforeseen error internal, with the error as its cause', async () => {
    const cause = new Error('inside');
    const caught = await failing(cause);
    expect(caught).toBeInstanceOf(GatewayError);
    expect(caught).toMatchObject({ code: 'INTERNAL_ERROR', facts: { deviceId: 'd1' }, cause });
  });
});

describe('the log knows each kind of error by its name', () => {
  it.each([
    ['GatewayError', () => new GatewayError('NOT_FOUND')],
    ['SecretError', () => new SecretError('not-sealed')],
    ['StartupError', () => new StartupError('PORT is not a number.')],
  ])('%s', (name, error) => {
    expect(error().name).toBe(name);
  });
});

describe('a secret that does not open says why, with its key and nothing of the secret', () => {
  it.each([
    ['not-sealed', undefined, /is not a sealed text\.$/],
    ['unknown-key', 'k1', /key "k1", which is not in the ring\.$/],
    ['not-authentic', 'k1', /does not open with key "k1".*this id\.$/],
  ] as const)('%s', (reason, keyId, sentence) => {
    const error = new SecretError(reason, keyId);
    expect(error).toMatchObject({ reason, keyId: keyId ?? '' });
    expect(error.message).toMatch(sentence);
    expect(error).toBeInstanceOf(LoggableError);
  });
});
