import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EventReader, searchOf } from '../live/event-reader.js';
import { connect, Subscriber, touch } from '../live/subscriber.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway, wireError } from '../support/gateway.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const persisted = (text: string): unknown => ({
  persistedQuery: { version: 1, sha256Hash: sha256(text) },
});

const READ = 'query Read($id: ID!) { networkDevice(id: $id) { id name } }';
const RENAME =
  'mutation Rename($id: ID!) { updateNetworkDevice(id: $id, input: {notes: "by id"}) { id notes } }';
const WATCH = 'subscription Watch($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id name } }';
const INVALID = '{ networkDevice(id: "x") { nonsense } }';
const UNTRUSTED = 'query Read($id: ID!) { networkDevice(id: $id) { id } }';
const UNTRUSTED_WATCH = 'subscription { networkDeviceChanged { id } }';
const WRONG_ID = `sha256:${sha256('another text')}`;

const MANIFEST = {
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [
    { id: 'read', name: 'Read', type: 'query', body: READ },
    { id: `sha256:${sha256(RENAME)}`, name: 'Rename', type: 'mutation', body: RENAME },
    { id: 'watch', name: 'Watch', type: 'subscription', body: WATCH },
    { id: 'invalid', name: 'Invalid', type: 'query', body: INVALID },
    { id: 'deep', name: 'Deep', type: 'query', body: `${'{ a '.repeat(13)}${'}'.repeat(13)}` },
    { id: 'torn', name: 'Torn', type: 'query', body: '{ viewer {' },
    { id: WRONG_ID, name: 'Wrong', type: 'query', body: '{ viewer { id } }' },
    { id: 'twice', name: 'One', type: 'query', body: 'query One { viewer { id } }' },
    { id: 'twice', name: 'Two', type: 'query', body: 'query Two { viewer { id } }' },
  ],
};

const answerShape = z.strictObject({ data: z.unknown().optional(), errors: z.array(wireError).optional() });

interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly code: string | undefined;
  readonly message: string | undefined;
}

async function answerOf(response: Response): Promise<Answer> {
  const { data, errors } = answerShape.parse(await response.json());
  const [error] = errors ?? [];
  const code = error?.extensions.code;
  return { status: response.status, ...(data !== undefined && { data }), code, message: error?.message };
}

type Parameters = Readonly<Record<string, unknown>>;

let folder: string;
let allowing: TestGateway;
let refusing: { readonly url: string; readonly logLines: string[]; readonly stop: () => Promise<void> };
let closed: typeof refusing;
let device: TestDevice;
let token: string;
let machine: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trusted documents '));
  const file = join(folder, 'manifest.json');
  await writeFile(file, JSON.stringify(MANIFEST));
  allowing = await startTestGateway({ TRUSTED_DOCUMENTS: file, RATE_LIMIT: '0' });
  refusing = await allowing.startTwin({ OTHER_DOCUMENTS: 'refuse' });
  closed = await allowing.startTwin({ OTHER_DOCUMENTS: 'refuse', INTROSPECTION: 'false' });
  device = await createDevice(allowing, { name: 'Kitchen' });
  token = await allowing.token('OWNER', device.customer);
  const claims = { subject: 'router', customerId: device.customer, level: 'OWNER' } as const;
  if (allowing.app.issuer === undefined) throw new Error('This gateway has no local issuer.');
  machine = await allowing.app.issuer.issue({ ...claims, scope: 'documents:any' }, '5m');
});
afterAll(async () => {
  await refusing.stop();
  await closed.stop();
  await allowing.stop();
  await rm(folder, { recursive: true });
});

const post = async (
  parameters: Parameters,
  { url, as, accept = 'application/json' }: { url?: string; as?: string | null; accept?: string } = {},
): Promise<Answer> => {
  const bearer = as === undefined ? token : as;
  const response = await fetch(url ?? allowing.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify(parameters),
  });
  return await answerOf(response);
};

const get = async (search: URLSearchParams | string, url = allowing.url): Promise<Answer> => {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  return await answerOf(await fetch(`${url}?${search.toString()}`, { headers }));
};

const found = (): object => ({ networkDevice: { id: device.id, name: 'Kitchen' } });
const variables = (): Parameters => ({ id: device.id });

describe('a trusted document is asked for by its id or its hash', () => {
  const names: readonly (readonly [string, Parameters])[] = [
    ['its id', { documentId: 'read' }],
    ['its hash', { documentId: `sha256:${sha256(READ)}` }],
    ['the hash of a persisted query', { extensions: persisted(READ) }],
    ['an id beside the hash', { documentId: 'read', extensions: persisted(READ) }],
    ['an id beside an empty query', { documentId: 'read', query: '' }],
    ['an id beside a null', { documentId: 'read', query: null }],
    ['its text', { query: READ }],
    ['its text beside its hash', { query: READ, extensions: persisted(READ) }],
  ];

  it.each(names)('by POST and GET, whether others are allowed or refused: %s', async (_, name) => {
    for (const url of [allowing.url, refusing.url]) {
      const expected = { status: 200, data: found(), code: undefined, message: undefined };
      expect(await post({ ...name, variables: variables() }, { url })).toEqual(expected);
      const { query, ...others } = name;
      const search = searchOf({
        ...others,
        query: query === null ? undefined : query,
        variables: variables(),
      });
      expect(await get(search, url)).toEqual(expected);
    }
  });

  it('a mutation by POST, and never by GET', async () => {
    const documentId = `sha256:${sha256(RENAME)}`;
    const renamed = await post({ documentId, variables: variables() });
    expect(renamed.data).toEqual({ updateNetworkDevice: { id: device.id, notes: 'by id' } });
    const refused = await get(searchOf({ documentId, variables: variables() }));
    expect([refused.status, refused.code]).toEqual([405, 'BAD_REQUEST']);
  });

  it('by server-sent events, POST and GET', async () => {
    for (const method of ['POST', 'GET'] as const) {
      for (const parameters of [{ documentId: 'watch' }, { extensions: persisted(WATCH) }]) {
        const sent = { token, method, variables: { ids: [device.id] } };
        const events = await EventReader.watch(
          { url: refusing.url, logLines: refusing.logLines },
          { ...sent, parameters: { ...parameters, query: undefined } },
        );
        await touch(allowing, [device.id], 'Kitchen');
        // A change that was made before may come late as well.
        expect((await events.receives(1)).at(-1)).toEqual({ id: device.id, name: 'Kitchen' });
        events.close();
      }
    }
  });

  it('a query for a client that takes events only is one event', async () => {
    const parameters = { documentId: 'read', query: undefined };
    const events = await EventReader.open(allowing, { token, variables: variables(), parameters });
    await expect.poll(() => events.isClosed).toBe(true);
    expect(events.events).toMatchObject([
      { event: 'next', data: { data: { networkDevice: { id: device.id } } } },
      { event: 'complete' },
    ]);
  });

  it.each<[string, Parameters]>([
    ['beside an empty query', { documentId: 'watch' }],
    ['among the extensions', { extensions: { documentId: 'watch' } }],
    ['as the hash of a persisted query', { extensions: persisted(WATCH) }],
    ['as its hash', { documentId: `sha256:${sha256(WATCH)}` }],
  ])('over WebSocket, %s', async (_, parameters) => {
    const params = { authorization: `Bearer ${token}` };
    const client = await Subscriber.connect(refusing, params);
    const started = (): number =>
      refusing.logLines.filter((line) => line.includes('subscription started')).length;
    const before = started();
    const payload = { query: '', variables: { ids: [device.id] }, ...parameters };
    client.send({ id: 'a', type: 'subscribe', payload });
    await expect.poll(started).toBeGreaterThan(before);
    await touch(allowing, [device.id], 'Kitchen');
    expect(await client.receives('a', 1)).toEqual([{ id: device.id, name: 'Kitchen' }]);
    client.close();
  });
});

describe('what names no document, or two, is refused', () => {
  it.each(['unknown', '', `sha256:${sha256('nothing')}`, '__proto__', sha256(READ)])(
    'an unknown id, "%s", over every transport',
    async (documentId) => {
      for (const url of [allowing.url, refusing.url]) {
        const answer = await post({ documentId }, { url });
        expect(answer).toEqual({
          status: 200,
          code: 'PERSISTED_QUERY_NOT_FOUND',
          message: 'PersistedQueryNotFound',
        });
        expect((await get(searchOf({ documentId }), url)).code).toBe('PERSISTED_QUERY_NOT_FOUND');
      }
      const accept = 'application/graphql-response+json';
      expect((await post({ documentId }, { accept })).status).toBe(400);
      const parameters = { query: undefined, documentId };
      const events = await EventReader.open(allowing, { token, parameters });
      expect((await events.error()).extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
      const client = await connect(allowing, token);
      client.send({ id: 'a', type: 'subscribe', payload: { query: '', documentId } });
      expect((await client.error('a')).extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
      client.close();
    },
  );

  it.each<[string, Parameters]>([
    ['an id beside a text', { documentId: 'read', query: READ }],
    ['an id that is no text', { documentId: 7 }],
    ['a persisted query of another version', { query: READ, extensions: { persistedQuery: { version: 2 } } }],
    ['a hash of another text', { query: READ, extensions: persisted(WATCH) }],
    ['a hash of another text than the id names', { documentId: 'read', extensions: persisted(WATCH) }],
  ])('%s, over HTTP', async (_, parameters) => {
    for (const url of [allowing.url, refusing.url]) {
      for (const accept of ['application/json', 'application/graphql-response+json']) {
        expect(await post(parameters, { url, accept })).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
      }
    }
  });

  it.each([
    'query={__typename}&documentId=read',
    'query={__typename}&documentId=read&documentId=read',
    'documentId=read&documentId=watch',
    'query={__typename}&query={viewer{id}}',
  ])('by GET: %s', async (search) => {
    expect(await get(search)).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    expect(await get(search, refusing.url)).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
  });

  it.each<[string, Parameters]>([
    ['an id beside a text', { documentId: 'watch', query: WATCH }],
    ['the hash of another text', { query: WATCH, extensions: persisted(READ) }],
  ])('%s, over server-sent events and WebSocket', async (_, parameters) => {
    const events = await EventReader.open(allowing, { token, parameters });
    await expect.poll(() => events.isClosed).toBe(true);
    expect(events.text).toContain('"code":"BAD_REQUEST"');
    expect(events.changes).toEqual([]);
    const client = await connect(allowing, token);
    client.send({ id: 'a', type: 'subscribe', payload: parameters });
    expect((await client.error('a')).extensions.code).toBe('BAD_REQUEST');
    client.close();
  });
});

describe('documents that cannot run stop no start', () => {
  const faults: readonly (readonly [string, string])[] = [
    ['invalid', 'GRAPHQL_VALIDATION_FAILED'],
    ['deep', 'OPERATION_TOO_LARGE'],
    ['torn', 'GRAPHQL_PARSE_FAILED'],
    [WRONG_ID, 'BAD_REQUEST'],
    ['twice', 'BAD_REQUEST'],
  ];

  it.each(faults)('%s: a warning names it, and who asks for it gets %s', async (documentId, code) => {
    for (const { url, logLines } of [allowing, refusing]) {
      const warned = logLines.filter((line) => line.includes('trusted document cannot be run'));
      expect(warned.filter((line) => line.includes(`"documentId":"${documentId}"`))).toHaveLength(1);
      expect(await post({ documentId }, { url })).toMatchObject({ code });
    }
  });

  it('nothing is said of the others', () => {
    const warned = allowing.logLines.filter((line) => line.includes('trusted document cannot be run'));
    expect(warned).toHaveLength(faults.length);
  });
});

describe('where other documents are refused', () => {
  const refusal = { status: 200, code: 'BAD_REQUEST' };
  const url = (): string => refusing.url;

  it.each([
    UNTRUSTED,
    `${READ} `,
    'mutation { updateNetworkDevice(id: "x", input: {}) { id } }',
    '{ __typename viewer { id } }',
    '{ ...F } fragment F on Query { viewer { id } }',
    '{ ... on Query { viewer { id } } }',
    '{ __typename: viewer { id } }',
    'query A { __typename } query B { viewer { id } }',
    '{ _entities(representations: []) { __typename } }',
    '{ torn',
    'subscription { networkDeviceChanged { id } }',
  ])('a text is, whoever sends it: %s', async (query) => {
    for (const as of [token, null, await allowing.token('ADMIN', device.customer)]) {
      const answer = await post({ query, variables: variables() }, { url: url(), as });
      expect(answer).toMatchObject(refusal);
      expect(answer).not.toHaveProperty('data');
    }
    const accept = 'application/graphql-response+json';
    expect((await post({ query }, { url: url(), accept })).status).toBe(400);
    expect((await get(searchOf({ query }), url())).code).toBe('BAD_REQUEST');
  });

  it('what only asks for the schema runs, while that is open', async () => {
    const open = [
      '{ __typename }',
      '{ a: __typename __schema { queryType { name } } }',
      '{ ...F } fragment F on Query { __type(name: "Query") { name } _sdl }',
      '{ ... on Query { _service { sdl } } }',
    ];
    for (const query of open) {
      expect((await post({ query }, { url: url(), as: null })).code).toBeUndefined();
    }
    const codes = await Promise.all(
      open.map(async (query) => (await post({ query }, { url: closed.url })).code),
    );
    expect(codes).toEqual([undefined, 'BAD_REQUEST', 'BAD_REQUEST', 'BAD_REQUEST']);
  });

  it('the scope documents:any lets every text pass, and gains nothing else', async () => {
    const data = { networkDevice: { id: device.id } };
    const sent = { query: UNTRUSTED, variables: variables() };
    expect(await post(sent, { url: url(), as: machine })).toMatchObject({ status: 200, data });
    const entities = {
      query: 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on NetworkDevice { name } } }',
      variables: { r: [{ __typename: 'NetworkDevice', id: device.id }] },
    };
    expect((await post(entities, { url: url(), as: machine })).data).toMatchObject({
      _entities: [{ name: 'Kitchen' }],
    });
    const elsewhere = await createDevice(allowing);
    const other = { query: UNTRUSTED, variables: { id: elsewhere.id } };
    expect((await post(other, { url: url(), as: machine })).code).toBe('ACCESS_DENIED');
    if (allowing.app.issuer === undefined) throw new Error('This gateway has no local issuer.');
    const alone = await allowing.app.issuer.issue({ subject: 'router', scope: 'documents:any' }, '5m');
    expect((await post(sent, { url: allowing.url, as: alone })).code).toBe('UNAUTHENTICATED');
  });

  it('nobody registers a document', async () => {
    const extensions = persisted(UNTRUSTED);
    const sent = { query: UNTRUSTED, extensions, variables: variables() };
    expect(await post(sent, { url: url() })).toMatchObject(refusal);
    expect((await post(sent, { url: url(), as: machine })).code).toBeUndefined();
    for (const as of [token, machine]) {
      const answer = await post({ extensions, variables: variables() }, { url: url(), as });
      expect(answer.code).toBe('PERSISTED_QUERY_NOT_FOUND');
    }
    const typename = persisted('{ registered: __typename }');
    await post({ query: '{ registered: __typename }', extensions: typename }, { url: url() });
    expect((await post({ extensions: typename }, { url: url() })).code).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  it('a subscription is by server-sent events', async () => {
    const at = { url: url(), logLines: refusing.logLines };
    for (const accept of ['text/event-stream', 'text/event-stream, application/json']) {
      const events = await EventReader.open(at, { token, query: UNTRUSTED_WATCH, headers: { accept } });
      expect((await events.error()).extensions.code).toBe('BAD_REQUEST');
    }
    const passing = await EventReader.watch(at, { token: machine, query: UNTRUSTED_WATCH });
    passing.close();
  });

  it('a subscription is over WebSocket, and the socket stays', async () => {
    const client = await Subscriber.connect(refusing, { authorization: `Bearer ${token}` });
    client.subscribe('a', {}, UNTRUSTED_WATCH);
    expect((await client.error('a')).extensions.code).toBe('BAD_REQUEST');
    await client.watch('b', { ids: [device.id] }, WATCH);
    expect(client.closed).toBeUndefined();
    client.close();
    const router = await Subscriber.connect(refusing, { authorization: `Bearer ${machine}` });
    await router.watch('a', {}, UNTRUSTED_WATCH);
    router.close();
  });

  it('the REST page is not touched', async () => {
    const page = new URL(`/network/device/${device.id}`, url());
    const response = await fetch(page, { headers: { authorization: `Bearer ${token}` } });
    expect(response.status).toBe(200);
  });
});

describe('where other documents are allowed', () => {
  it('clients register documents as before', async () => {
    const extensions = persisted(UNTRUSTED);
    expect((await post({ extensions })).code).toBe('PERSISTED_QUERY_NOT_FOUND');
    const sent = { query: UNTRUSTED, extensions, variables: variables() };
    expect((await post(sent)).code).toBeUndefined();
    expect((await post({ extensions, variables: variables() })).data).toEqual({
      networkDevice: { id: device.id },
    });
  });
});
