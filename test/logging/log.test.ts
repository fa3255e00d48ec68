import { Writable } from 'node:stream';
import { PrismaPg } from '@prisma/adapter-pg';
import { GraphQLError } from 'graphql';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { IssuerError } from '../../src/auth/ask-issuer.js';
import { GatewayError } from '../../src/errors/gateway-error.js';
import { SecretError } from '../../src/errors/secret-error.js';
import { StartupError } from '../../src/errors/startup-error.js';
import { PrismaClient } from '../../src/generated/prisma/client.js';
import { createLog, describeCause, logFailure, logReadPasswords } from '../../src/logging/log.js';
import { listWith, textLike } from '../support/matchers.js';

/** A word that could be a password, that nothing else holds. */
const CANARY = 'Zq7canaryW9';

const lines: string[] = [];
const log = createLog(
  'trace',
  new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  }),
);

/** What the log wrote meanwhile: one line. */
function lineOf(work: () => void): string {
  lines.length = 0;
  work();
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

async function thrownBy(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown.');
}

let pool: pg.Pool;
let prisma: PrismaClient;
beforeAll(() => {
  pool = new pg.Pool({ connectionString: inject('serverUrl'), max: 1 });
  prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
});
afterAll(async () => {
  await prisma.$disconnect();
  await pool.end();
});

const frame = `    at ${CANARY} (file.js:1:1)`;

/** Errors as they come, each with the canary somewhere in it. */
const ERRORS: readonly [string, () => unknown][] = [
  ['PostgreSQL, a value of the wrong type', async () => await pool.query(`SELECT '${CANARY}'::integer`)],
  ['PostgreSQL, JSON', async () => await pool.query('SELECT $1::jsonb', [`{"password": "${CANARY}`])],
  [
    'PostgreSQL, a key that is taken',
    async () =>
      await pool.query(
        `CREATE TEMP TABLE taken (word text CONSTRAINT taken_word UNIQUE);
         INSERT INTO taken VALUES ('${CANARY}'), ('${CANARY}')`,
      ),
  ],
  [
    'PostgreSQL, a row that breaks a check',
    async () =>
      await pool.query(
        `CREATE TEMP TABLE checked (word text CONSTRAINT checked_word CHECK (word = ''));
         INSERT INTO checked VALUES ('${CANARY}')`,
      ),
  ],
  ['PostgreSQL, syntax', async () => await pool.query(`SELECT ${CANARY} FROM nowhere`)],
  ['Prisma, a raw query', async () => await prisma.$queryRawUnsafe(`SELECT '${CANARY}'::integer`)],
  [
    'Prisma, a table that is not there',
    async () => await prisma.customer.findMany({ where: { name: CANARY } }),
  ],
  [
    'Prisma, an argument that it does not know',
    async () => {
      const where: object = { [CANARY]: CANARY };
      return await prisma.customer.findFirst({ where });
    },
  ],
  ['JSON.parse', (): unknown => JSON.parse(`{"password": ${CANARY}`)],
  ['zod', () => z.object({ [CANARY]: z.literal(CANARY) }).parse({ password: CANARY })],
  ['URL', () => new URL(`http://${CANARY}:${CANARY}`)],
  ['a message of lines that look like calls', () => Promise.reject(new Error(`x\n${frame}\n${frame}`))],
  [
    'a message that was changed later',
    () => Promise.reject(Object.assign(new Error(`x\n${frame}`), { message: 'y' })),
  ],
  ['a name', () => Promise.reject(Object.assign(new Error('x'), { name: `Error of ${CANARY}` }))],
  ['a code that is no code', () => Promise.reject(Object.assign(new Error('x'), { code: { CANARY } }))],
  [
    'properties',
    () => Promise.reject(Object.assign(new Error('x'), { password: CANARY, input: { password: CANARY } })),
  ],
  ['a cause', () => Promise.reject(new Error('x', { cause: new Error(CANARY, { cause: CANARY }) }))],
  [
    'GraphQL',
    () => Promise.reject(new GraphQLError(CANARY, { originalError: new Error(CANARY), path: [CANARY] })),
  ],
  ['a text', () => Promise.reject(Object.assign(new Error('x'), { cause: CANARY }))],
];

describe('a foreign error leaves nothing of its message and properties in the log', () => {
  it.each(ERRORS)('%s', async (_, work) => {
    const error = await thrownBy(work);
    expect(error).toBeInstanceOf(Error);
    const written = [
      lineOf(() => log.error({ cause: describeCause(error) }, 'failed')),
      lineOf(() => log.error({ err: error }, 'failed')),
      lineOf(() => log.error({ err: error })),
      lineOf(() => log.error(error)),
      lineOf(() => log.error(error, 'failed')),
      lineOf(() => log.child({ requestId: 'r' }).warn({ deep: [{ error }] }, 'failed')),
      lineOf(() => logFailure(log, new GatewayError('INTERNAL_ERROR', {}, { cause: error }), 'r')),
    ];
    for (const line of written) {
      expect(line).not.toContain(CANARY);
      expect(JSON.parse(line)).toMatchObject({ level: textLike(/^(warn|error)$/) });
    }
  });
});

describe('what is left is enough to go by', () => {
  it('PostgreSQL: its code and the names of its schema', async () => {
    const error = await thrownBy(async () => {
      await pool.query(`CREATE TEMP TABLE "named" (word text CONSTRAINT named_word UNIQUE);
        INSERT INTO "named" VALUES ('${CANARY}'), ('${CANARY}')`);
    });
    expect(describeCause(error)).toMatchObject({
      name: 'error',
      code: '23505',
      severity: 'ERROR',
      table: 'named',
      constraint: 'named_word',
      routine: '_bt_check_unique',
      message: undefined,
    });
  });

  it('the system: its code and where to', async () => {
    const client = new pg.Client({ host: '127.0.0.1', port: 1, password: CANARY });
    const error = await thrownBy(async () => await client.connect());
    expect(describeCause(error)).toMatchObject({
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 1,
    });
  });

  it('Prisma: its name and code', async () => {
    const error = await thrownBy(async () => await prisma.customer.findMany());
    expect(describeCause(error)).toMatchObject({ name: 'PrismaClientKnownRequestError', code: 'P2021' });
  });

  it('any error: the calls that led to it', async () => {
    const described = describeCause(await thrownBy(() => JSON.parse('{')));
    expect(described['stack']).toEqual(listWith([textLike(/log\.test\.ts/)]));
  });

  it('ours, and those of the driver that are always the same: their message', () => {
    const messages = [
      new StartupError('Set PORT to another one.'),
      new SecretError('unknown-key', 'old'),
      new IssuerError('The issuer answered 500 instead of its keys.'),
      new Error('timeout exceeded when trying to connect'),
    ].map((error) => describeCause(new Error(CANARY, { cause: error }))['cause']);
    expect(messages).toMatchObject([
      { message: 'Set PORT to another one.' },
      { message: textLike(/"old"/) },
      { message: 'The issuer answered 500 instead of its keys.' },
      { message: 'timeout exceeded when trying to connect' },
    ]);
  });
});

describe('properties that can hold a secret are hidden, wherever they are', () => {
  const secret = { text: CANARY };
  it.each<[string, object]>([
    [
      'at the top',
      { password: CANARY, Authorization: `Bearer ${CANARY}`, token: CANARY, secret, input: secret },
    ],
    ['inside', { request: { headers: { cookie: CANARY } }, list: [{ variables: secret }] }],
    ['of a device', { device: { wifi: { password5G: CANARY, password6G: CANARY } } }],
    [
      'of an instance of a class',
      {
        request: new (class Request {
          body = CANARY;
        })(),
        map: new Map([[CANARY, CANARY]]),
      },
    ],
    ['of a buffer', { bytes: Buffer.from(CANARY) }],
  ])('%s', (_, properties) => {
    const line = lineOf(() => log.info({ ...properties, kept: 'kept' }, 'message'));
    expect(line).not.toContain(CANARY);
    expect(line).not.toContain(String(CANARY.codePointAt(0)) + ',');
    expect(JSON.parse(line)).toMatchObject({ kept: 'kept', msg: 'message' });
  });

  it('what is harmless is written as it is', () => {
    const facts = {
      requestId: 'r',
      deviceId: 'd',
      fields: ['wifi.password'],
      count: 3,
      isIt: true,
      none: null,
    };
    const line = lineOf(() => log.info(facts, 'message'));
    expect(JSON.parse(line)).toMatchObject({ ...facts, level: 'info', msg: 'message' });
    expect(JSON.parse(lineOf(() => log.info('just text')))).toMatchObject({ msg: 'just text' });
  });
});

it('a line names at most 1,000 devices whose passwords were read; the next line goes on', () => {
  const ids = Array.from({ length: 1_001 }, (_, index) => `device-${index}`);
  lines.length = 0;
  logReadPasswords(log, {
    requestId: 'r',
    subject: 's',
    accessLevel: 'OWNER',
    byVersion: new Map([[undefined, new Map(ids.map((id) => [id, ['wifi.password']]))]]),
  });
  const line = z.object({ reads: z.tuple([z.object({ deviceIds: z.array(z.string()) })]) });
  const named = lines.map((text) => line.parse(JSON.parse(text)).reads[0].deviceIds);
  expect(named.map(({ length }) => length)).toEqual([1_000, 1]);
  expect(named.flat()).toEqual(ids);
});
