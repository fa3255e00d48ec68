import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type RawAnswer, sendRaw } from './raw-request.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ MAX_BODY_BYTES: '2000' });
});
afterAll(async () => {
  await gateway.stop();
});

const BODY = '{"query":"{ __typename }"}';
const HEAD = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** Every error is JSON in the wire format of errors. */
function expectJsonError(answer: RawAnswer | undefined, status: number): void {
  expect(answer?.status).toBe(status);
  expectJson(answer);
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({
    errors: [{ extensions: { requestId: answer?.headers.get('x-request-id') } }],
  });
}

function expectJson(answer: RawAnswer | undefined): void {
  expect(answer?.headers.get('content-type')).toMatch(/^application\/(?:graphql-response\+)?json/);
  expect(answer?.headers.get('content-length')).toBe(String(Buffer.byteLength(answer?.body ?? '')));
  expect(answer?.body).not.toMatch(/<html|<!doctype/i);
  expect(answer?.headers.has('x-powered-by')).toBe(false);
}

describe('what is no request of HTTP/1.1 is answered in JSON all the same', () => {
  it.each<[string, string, number]>([
    ['words', 'hello there\r\n\r\n', 400],
    ['the greeting of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['the greeting of TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
    ['an unknown method', 'BREW /graphql HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['no Host', 'GET /graphql HTTP/1.1\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n', 400],
    ['two lengths', `${HEAD}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`, 400],
    ['a length that is none', `${HEAD}Content-Length: -3\r\n\r\nabcd`, 400],
    ['a length and chunks', `${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['chunks that are none', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['a body that is cut short', WHOLE.slice(0, -3), 400],
    ['headers that are cut short', WHOLE.slice(0, 40), 400],
    ['a proxy request', 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['a whole URL of elsewhere', 'GET http://example.com/nope HTTP/1.1\r\nHost: x\r\n\r\n', 404],
    ['a path that is none', 'GET graphql HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ])('%s', async (_, bytes, status) => {
    expectJsonError(await sendRaw(gateway.url, Buffer.from(bytes, 'latin1')), status);
  });

  it('an expectation that nobody knows is no error', async () => {
    expect((await sendRaw(gateway.url, WHOLE.replace('Host', 'Expect: wonders\r\nHost')))?.status).toBe(200);
  });

  it('what was understood before the nonsense is answered first', async () => {
    const answer = await sendRaw(gateway.url, `${WHOLE}nonsense\r\n\r\n`);
    expect(answer?.status).toBe(200);
    expect(answer?.body).toContain('{"data":{"__typename":"Query"}}');
  });

  it('a body far above the limit is refused by an answer, not by a reset', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const announced = await sendRaw(
        gateway.url,
        `${HEAD}Content-Length: 20000000\r\n\r\n${'x'.repeat(20_000_000)}`,
      );
      expectJsonError(announced, 413);
      const chunk = `${(60_000).toString(16)}\r\n${'x'.repeat(60_000)}\r\n`;
      const chunked = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(300)}0\r\n\r\n`;
      expectJsonError(await sendRaw(gateway.url, chunked), 413);
    }
  });
});

describe('whatever is sent', () => {
  it('300 damaged requests, 50 at a time, get JSON', async () => {
    const damage = fc.record({
      at: fc.nat(WHOLE.length),
      drop: fc.nat(10),
      insert: fc.uint8Array({ maxLength: 6 }),
    });
    const damaged = fc.sample(fc.array(damage, { minLength: 1, maxLength: 3 }), { numRuns: 300, seed: 20 });
    for (let start = 0; start < damaged.length; start += 50) {
      const answers = damaged.slice(start, start + 50).map(async (damages) => {
        let bytes = Buffer.from(WHOLE);
        for (const { at, drop, insert } of damages) {
          bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)]);
        }
        const answer = await sendRaw(gateway.url, bytes);
        if (answer?.status !== 204) expectJson(answer);
      });
      await Promise.all(answers);
    }
  });

  it('300 bodies of any JSON, or cut somewhere, get JSON that repeats nothing', async () => {
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.tuple(fc.json(), fc.nat(30)).map(([text, end]) => text.slice(0, end)),
      fc
        .record({ query: fc.anything(), variables: fc.anything(), extensions: fc.anything() })
        .map((value) => {
          return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? null : inner));
        }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const response = await fetch(gateway.url, {
          method: 'POST',
          body: text,
          headers: { 'content-type': 'application/json' },
        });
        expect(response.headers.get('content-type')).toMatch(/json/);
        expect(response.status).toBeLessThan(500);
        expect(await response.json()).toMatchObject({ errors: [{ extensions: {} }] });
      }),
      { numRuns: 300, seed: 20 },
    );
  });

  it('and the gateway still works, and nothing of it was INTERNAL_ERROR', async () => {
    expect((await gateway.query('{ __typename }')).data).toEqual({ __typename: 'Query' });
    expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });
});
