import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { pino } from 'pino';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, type ErrorCode } from '../../src/errors/catalogue.js';
import { GatewayError } from '../../src/errors/gateway-error.js';
import { devicePageRoute } from '../../src/rest/device-page.js';
import type { HttpAnswer, Route } from '../../src/http/core/endpoint.js';
import type { Credential } from '../../src/auth/credential.js';
import { HttpError } from '../../src/http/core/http-error.js';
import { SealedText } from '../../src/secrets/key-ring.js';

const ID = 'abcdefabcdefabcdefabcdef';
const CODES = Object.keys(CATALOGUE).filter((code): code is ErrorCode => code in CATALOGUE);

const asAdmin = async (): Promise<Credential> =>
  await Promise.resolve({
    viewer: { subject: 'test', level: 'ADMIN', customerId: null, scopes: [] },
    expiresAt: null,
  });

/** The page over a database that always fails in this way. */
function failing(error: Error): { readonly route: Route; readonly logLines: string[] } {
  const logLines: string[] = [];
  const fail = async (): Promise<never> => await Promise.reject(error);
  const route = devicePageRoute({
    admission: { networkOf: () => '', authenticate: asAdmin, authenticateAndCount: asAdmin },
    gateway: {
      devices: {
        find: fail,
        optimistic: { isLocked: false, read: fail, readPlace: fail, write: fail, keepKey: fail },
        locked: fail,
      },
      secrets: { seal: () => new SealedText(''), open: () => '', isCurrent: () => true },
      now: () => new Date(0),
      macProbes: { run: async (_, probe) => ({ result: await probe() }) },
      keys: { digest: () => NO_KEY, assertBelowLimit: fail, find: fail },
    },
    log: pino(
      { level: 'debug' },
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          logLines.push(chunk.toString());
          done();
        },
      }),
    ),
    maxBodyBytes: 1_000,
    gate: async (work) => await work(),
  });
  return { route, logLines };
}

const NO_KEY = { keyDigest: '', argsDigest: '' };

async function ask({ handlers }: Route, method: 'GET' | 'POST'): Promise<HttpAnswer> {
  const message = new IncomingMessage(new Socket());
  message.headers['content-type'] = 'application/json';
  message.push('{"notes":"x"}');
  message.push(null);
  const answer = handlers[method]?.({
    method,
    headers: message.headers,
    message,
    path: `/network/device/${ID}`,
    search: '',
    params: { id: ID },
    requestId: 'r-1',
  });
  const given = await answer;
  if (given === undefined || 'stream' in given) throw new Error(`There is no answer to ${method}.`);
  return given;
}

function bodyOf({ body }: HttpAnswer): unknown {
  return JSON.parse(body.toString());
}

describe.each(['GET', 'POST'] as const)('%s: errors of the catalogue', (method) => {
  it.each(CODES.filter((code) => code !== 'VERSION_CONFLICT'))(
    '%s has its REST code as status',
    async (code) => {
      const { restCode, restMessage, message } = CATALOGUE[code];
      const { route, logLines } = failing(new GatewayError(code));
      const answer = await ask(route, method);
      expect(answer.status).toBe(restCode);
      expect(bodyOf(answer)).toEqual({ code: restCode, message: restMessage, description: message });
      expect(logLines.map((line): unknown => JSON.parse(line))).toMatchObject([
        { code, requestId: 'r-1', deviceId: ID },
      ]);
    },
  );

  it('VERSION_CONFLICT is 412, because only If-Match can ask for a version here', async () => {
    const answer = await ask(failing(new GatewayError('VERSION_CONFLICT')).route, method);
    expect(answer.status).toBe(412);
    expect(bodyOf(answer)).toMatchObject({ code: 412, message: 'version' });
  });

  it('anything unforeseen is INTERNAL_ERROR, the kind of its cause in the log only', async () => {
    const { route, logLines } = failing(new TypeError('secret detail'));
    const answer = await ask(route, method);
    expect(answer.status).toBe(500);
    expect(bodyOf(answer)).toEqual({
      code: 500,
      message: 'internal_error',
      description: CATALOGUE.INTERNAL_ERROR.message,
    });
    expect(logLines.join('')).toContain('"cause":{"name":"TypeError"');
    expect(logLines.join('')).not.toContain('secret detail');
  });
});

describe('errors that the server finds are presented as the page does', () => {
  it.each([
    [new HttpError(405, 'BAD_REQUEST'), 'bad_request'],
    [new HttpError(413, 'OPERATION_TOO_LARGE', 'Too large.'), 'bad_request'],
    [new HttpError(500, 'INTERNAL_ERROR'), 'internal_error'],
    [new HttpError(503, 'DATABASE_UNAVAILABLE'), 'database_unavailable'],
  ])('%s', (error, message) => {
    const body: unknown = JSON.parse(failing(new Error('unused')).route.presentError?.(error, 'r-1') ?? '');
    expect(body).toEqual({ code: error.status, message, description: error.message });
  });
});
