import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { fleet } from '../import/fleet.js';
import { newId } from '../support/gateway.js';
import { build, type Outcome, runCommand } from '../support/processes.js';
import { textLike } from '../support/matchers.js';

const DEMO = new URL('../../prisma/demo-fleet.json', import.meta.url);

describe('npm run import loads a fleet file: absent records are inserted, present ones never overwritten', () => {
  let database: TestDatabase;
  let folder: string;
  let sql: pg.Pool;
  beforeAll(async () => {
    await build();
    database = await createTestDatabase();
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function importText(text: string | Buffer): Promise<Outcome> {
    const file = join(folder, `${newId()}.json`);
    await writeFile(file, text);
    return await runCommand('import', [file], { DATABASE_URL: database.url, DATA_DIR: folder });
  }
  const importFleet = async (content: unknown): Promise<Outcome> => await importText(JSON.stringify(content));
  async function count(): Promise<unknown> {
    const { rows } = await sql.query<{ n: string }>(
      'SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM device_model) + (SELECT count(*) FROM network_device) AS n',
    );
    return rows[0]?.n;
  }
  function expectRefused({ code, stderr }: Outcome, problem: string | RegExp): void {
    expect(code).toBe(1);
    expect(stderr).toMatch(problem);
    expect(stderr).not.toMatch(/^\s+at /m);
  }

  it('the demo fleet goes in, and says how many; the second time nothing is new', async () => {
    const demo = await readFile(DEMO, 'utf8');
    const first = await importText(demo);
    expect(first).toMatchObject({ code: 0, stderr: textLike(/\d+ of \d+/) });
    const before = await count();
    expect(Number(before)).toBeGreaterThan(10);
    const second = await importText(demo);
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/\b0 /);
    expect(await count()).toBe(before);
    const { rows } = await sql.query(
      `SELECT count(DISTINCT d.id) = count(*) AND bool_and(a.version = 1 AND a.action = 'IMPORT' AND 'macAddress' = ANY (a.paths)
          AND a.subject = 'import' AND a.access_level IS NULL) AS audited, count(DISTINCT a.request_id)::integer AS imports
        FROM network_device d LEFT JOIN device_audit a ON a.device_id = d.id`,
    );
    expect(rows).toEqual([{ audited: true, imports: 1 }]);
  });

  it('every bad record is reported at once', async () => {
    const { stderr } = await importFleet(fleet({ name: '' }, {}, { macAddress: 'x' }));
    expect(stderr).toContain('networkDevices[0].name');
    expect(stderr).toContain('networkDevices[2].macAddress');
  });

  it('a file that cannot be read, a folder, and no file at all are refused', async () => {
    const env = { DATABASE_URL: database.url, DATA_DIR: folder };
    const missing = join(folder, 'missing.json');
    expectRefused(await runCommand('import', [missing], env), 'missing.json');
    expectRefused(await runCommand('import', [folder], env), 'device gateway test');
    expectRefused(await runCommand('import', [], env), 'npm run import');
    expectRefused(await runCommand('import', ['a', 'b'], env), 'npm run import');
  });

  it('a database that is away is refused by name, without its password', async () => {
    const file = join(folder, 'good.json');
    await writeFile(file, JSON.stringify(fleet({})));
    const DATABASE_URL = 'postgresql://user:Zq7canaryW9@127.0.0.1:1/gateway';
    const outcome = await runCommand('import', [file], {
      DATABASE_URL,
      DATA_DIR: folder,
      DATABASE_WAIT_MS: '300',
    });
    expectRefused(outcome, 'DATABASE_URL');
    expect(outcome.stderr + outcome.stdout).not.toContain('Zq7canaryW9');
  });
});
