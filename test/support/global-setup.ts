import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.js';
import { applyMigrations } from '../../src/persistence/setup/migrations.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's maintenance database, from which tests make their own. */
    serverUrl: string;
    /** A database with all migrations and no data, to copy. */
    templateName: string;
  }
}

/** One real PostgreSQL for the whole run, unless it is of unit tests alone: that of TEST_DATABASE_URL, or an embedded one that is gone afterwards. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (project.vitest.projects.every(({ name }) => name === 'unit')) return undefined;
  const server = await openServer(process.env['TEST_DATABASE_URL']);
  const templateName = `dgw_template_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${templateName}`);
  const template = new URL(server.url);
  template.pathname = `/${templateName}`;
  await applyMigrations(template.href);
  project.provide('serverUrl', server.url);
  project.provide('templateName', templateName);
  return async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${templateName} WITH (FORCE)`);
    await admin.end();
    await server.stop();
  };
}

interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

async function openServer(url: string | undefined): Promise<Server> {
  if (url !== undefined && url !== '') return { url, stop: async () => await Promise.resolve() };
  const folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'data') });
  await forgoDurability(server.url);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Data that lives for a second need not survive a crash. The fault suite has servers of its own, which stay durable. */
async function forgoDurability(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  for (const setting of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    await admin.query(`ALTER SYSTEM SET ${setting} = off`);
  }
  await admin.query('SELECT pg_reload_conf()');
  await admin.end();
}
