// The floor: node:http and pg. PostgreSQL makes the JSON, and its text is sent as it is; no GraphQL.
import { createServer } from 'node:http';
import pg from 'pg';
import {
  idOfCursor,
  isRename,
  READ,
  READ_MANY,
  READ_MANY_SLIM,
  READ_PAGE,
  RENAME,
  UPDATE,
  updateValues,
} from './one-statement.mjs';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
// JSON stays text.
const types = { getTypeParser: () => (value) => value };

async function value(name, text, values) {
  const { rows } = await pool.query({ name, text, values, types, rowMode: 'array' });
  return rows[0]?.[0] ?? 'null';
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const [, , id] = pathname.split('/');
  if (request.method === 'POST' && id !== undefined) {
    const input = await bodyOf(request);
    return isRename(input)
      ? await value('rename', RENAME, [id, input.name])
      : await value('update', UPDATE, updateValues(id, input));
  }
  if (request.method === 'POST' && searchParams.has('slim')) {
    return await value('slim', READ_MANY_SLIM, [await bodyOf(request)]);
  }
  if (request.method === 'POST') return await value('many', READ_MANY, [await bodyOf(request)]);
  if (id !== undefined) return await value('read', READ, [id]);
  return await value('page', READ_PAGE, [searchParams.get('first'), idOfCursor(searchParams.get('after'))]);
}

const server = createServer((request, response) => {
  answer(request).then(
    (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
    (error) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/devices`;
  process.stdout.write(`${JSON.stringify({ msg: 'ready', url })}\n`);
});
