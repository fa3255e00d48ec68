import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import { PrismaPg } from '@prisma/adapter-pg';
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/** A statement that is in no transaction, with the index that it builds or drops: cut off, it leaves one that is not valid. */
export const CONCURRENTLY = /^(?:CREATE|DROP) INDEX CONCURRENTLY (?:IF EXISTS )?"(\w+)"/m;

/**
 * Maximum time that a migration waits for a table. Whoever comes later waits behind it; so, while a backup reads the table, it
 * gives up and tries again. PostgreSQL looks for deadlocks later than that, and fails nobody because of a migration.
 */
const LOCK_TIMEOUT_MS = 300;
const LOCK_RETRY_MS = 1_000;

/** 55P03: a lock was not to be had in time. 40P01: a deadlock. Nothing of the migration was done. */
const LOCKED: ReadonlySet<string | undefined> = new Set(['55P03', '40P01']);

export type SchemaEngine = engineModule.SchemaEngine;

const nothing = (): void => undefined;

/**
 * Prisma's own migration engine, as WebAssembly over a connection pool: the native engine would have to be
 * downloaded, and that is not possible everywhere.
 * @param datamodel the text of schema.prisma
 * @param schema of the database; `public` when null
 */
export async function openSchemaEngine(
  pool: pg.Pool,
  datamodel: string,
  schema: string | null = null,
): Promise<SchemaEngine> {
  await loadWasm();
  const adapter = new PrismaPg(pool, schema === null ? {} : { schema });
  const factory = bindMigrationAwareSqlAdapterFactory(wholeScripts(adapter));
  const log = nothing;
  return await engineModule.SchemaEngine.new({ datamodels: [['schema.prisma', datamodel]] }, log, factory);
}

declare global {
  /** The engine's module has room for one instance in a process, however often this file is loaded, as test runners do. */
  var deviceGatewaySchemaEngine: Promise<void> | undefined;
}

async function loadWasm(): Promise<void> {
  globalThis.deviceGatewaySchemaEngine ??= (async () => {
    const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
    const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'));
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': engineModule });
    engineModule.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
  })();
  await globalThis.deviceGatewaySchemaEngine;
}

/**
 * The adapter cuts a script at every semicolon, which tears the bodies of trigger functions apart. PostgreSQL
 * takes the whole script in one message, and makes one transaction of it.
 */
function wholeScripts(factory: PrismaPg): SqlMigrationAwareDriverAdapterFactory {
  const whole = <Adapter extends Awaited<ReturnType<PrismaPg['connect']>>>(adapter: Adapter): Adapter => {
    adapter.executeScript = async (script) => {
      await runScript(adapter.underlyingDriver(), script);
    };
    return adapter;
  };
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => whole(await factory.connect()),
    connectToShadowDb: async () => whole(await factory.connectToShadowDb()),
  };
}

async function runScript(pool: pg.Pool, script: string): Promise<void> {
  // Nobody waits behind what is built CONCURRENTLY.
  const limit = CONCURRENTLY.test(script) ? '' : `SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS};\n`;
  for (;;) {
    try {
      await pool.query(limit + script);
      return;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || !LOCKED.has(error.code)) throw error;
      await delay(LOCK_RETRY_MS);
    }
  }
}
