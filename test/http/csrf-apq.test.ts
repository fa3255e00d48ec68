import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await sharedGateway();
});
afterAll(async () => {
  await gateway.stop();
});

const QUERY = '{ __typename }';

describe('a request that any page can make a browser send is refused', () => {
  const sendsGet = async (headers: Record<string, string> = {}): Promise<Response> =>
    await fetch(`${gateway.url}?query=${encodeURIComponent(QUERY)}`, { headers });

  it('GET without a header that makes the browser ask first', async () => {
    const response = await sendsGet();
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  it.each(['apollo-require-preflight', 'x-apollo-operation-name'])('GET with %s is taken', async (name) => {
    const response = await sendsGet({ [name]: 'x' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('GET with a bearer token is taken, which no browser sends by itself', async () => {
    const response = await sendsGet({ authorization: 'Bearer nonsense' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it.each<[string, Record<string, string>]>([
    ['what a browser remembers for a page', { authorization: 'Basic dXNlcjpwYXNz' }],
    ['a bearer without a token', { authorization: 'Bearer' }],
    ['an empty header', { 'apollo-require-preflight': '' }],
    ['the type of a form', { 'content-type': 'text/plain' }],
  ])('GET with %s is refused', async (_, headers) => {
    const response = await sendsGet(headers);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'POST as %s, even with such a header',
    async (type) => {
      const response = await fetch(gateway.url, {
        method: 'POST',
        body: JSON.stringify({ query: QUERY }),
        headers: { 'content-type': type, 'apollo-require-preflight': 'true' },
      });
      expect(response.status).toBe(415);
    },
  );
});

describe('automatic persisted queries', () => {
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
  const extensionsFor = (query: string): unknown => ({
    persistedQuery: { version: 1, sha256Hash: hashOf(query) },
  });
  const post = async (body: unknown): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(response.status).toBe(200);
    return await response.json();
  };

  it('an unknown hash is asked for, sent once, and known from then on, by GET too', async () => {
    const query = '{ persisted: __typename }';
    const extensions = extensionsFor(query);
    expect(await post({ extensions })).toMatchObject({
      errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
    const data = { data: { persisted: 'Query' } };
    expect(await post({ query, extensions })).toEqual(data);
    expect(await post({ extensions })).toEqual(data);
    const response = await fetch(
      `${gateway.url}?extensions=${encodeURIComponent(JSON.stringify(extensions))}`,
      { headers: { 'apollo-require-preflight': 'true' } },
    );
    expect(await response.json()).toEqual(data);
  });

  it('a document under the hash of another is refused', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ other: __typename }', extensions: extensionsFor(QUERY) });
    const response = await fetch(gateway.url, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    const answer: unknown = await response.json();
    expect(answer).not.toHaveProperty('data');
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST', rest: { code: 400 } } }] });
  });
});
