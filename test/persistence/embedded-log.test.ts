import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.js';

const CANARY = 'Zq7canaryW9';

it('the embedded server logs what it does, and no statement or row of those that fail', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
  const lines: string[] = [];
  const server = await startEmbeddedPostgres({
    dataDir: join(folder, 'data'),
    onLog: (line) => lines.push(line),
  });
  try {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await expect(client.query(`SELECT '${CANARY}'::integer`)).rejects.toThrow(CANARY);
    await client.query(`CREATE TEMP TABLE one (word text CHECK (word = ''))`);
    await expect(client.query('INSERT INTO one VALUES ($1)', [CANARY])).rejects.toThrow('check constraint');
    await client.end();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  expect(lines.join('\n')).toContain('ready to accept connections');
  expect(lines.join('\n')).toContain('shutting down');
  expect(lines.join('\n')).not.toContain(CANARY);
});
