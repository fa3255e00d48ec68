import type { EnvironmentReader } from './environment-reader.js';

/** How PostgreSQL is reached. */
export interface DatabaseSettings {
  /** Undefined: an embedded PostgreSQL in DATA_DIR. */
  readonly databaseUrl: string | undefined;
  /** Past the pooler, for what needs a session; set where `databaseUrl` is a pooler in transaction mode. */
  readonly databaseDirectUrl: string | undefined;
  /** How long a start waits for the server of `databaseUrl`. */
  readonly databaseWaitMs: number;
}

const POSTGRES = ['postgresql:', 'postgres:'];

export function readDatabaseSettings(reader: EnvironmentReader): DatabaseSettings {
  return {
    databaseUrl: reader.url('DATABASE_URL', POSTGRES),
    databaseDirectUrl: readDirectUrl(reader),
    databaseWaitMs: reader.int('DATABASE_WAIT_MS', 30_000, 0, 600_000),
  };
}

function readDirectUrl(reader: EnvironmentReader): string | undefined {
  const isPooled = reader.oneOf('DATABASE_POOLER', ['session', 'transaction'], 'session') === 'transaction';
  if (isPooled) {
    for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL']) {
      if (reader.text(name) === undefined) reader.error(name, 'is needed with DATABASE_POOLER=transaction');
    }
  } else if (reader.text('DATABASE_DIRECT_URL') !== undefined) {
    reader.error('DATABASE_DIRECT_URL', 'is of no use without DATABASE_POOLER=transaction');
  }
  return isPooled ? reader.url('DATABASE_DIRECT_URL', POSTGRES) : undefined;
}
