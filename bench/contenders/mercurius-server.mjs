// Fastify, Mercurius and graphql-jit on the gateway's own schema; what resolves it is the caller's.
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';

export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

/** The rows of a named statement. */
export async function rows(name, text, values) {
  return (await pool.query({ name, text, values })).rows;
}

/** @param {object} resolvers @param {object} [loaders] */
export async function serve(resolvers, loaders) {
  const app = Fastify();
  const schema = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');
  app.register(mercurius, { schema, resolvers, loaders, jit: 1 });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  process.stdout.write(`${JSON.stringify({ msg: 'ready', url: `${address}/graphql` })}\n`);
}
