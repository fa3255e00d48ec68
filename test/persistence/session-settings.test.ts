import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, touch } from '../live/subscriber.js';
import { createTestDatabase, runIn } from '../support/database.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, newMac, startGatewayOn, type TestGateway } from '../support/gateway.js';

/** What an operator may have set for a database, each of which would change what a statement means. */
const STRANGE = {
  timezone: 'America/New_York',
  datestyle: 'German, DMY',
  intervalstyle: 'sql_standard',
  default_transaction_isolation: 'serializable',
  extra_float_digits: '-15',
  array_nulls: 'off',
  transform_null_equals: 'on',
  gin_fuzzy_search_limit: '1',
  synchronous_commit: 'off',
  statement_timeout: '1',
  lock_timeout: '1',
  idle_in_transaction_session_timeout: '1',
  idle_session_timeout: '200',
};

/** Writes down the settings of every session, whoever opens it. */
const LOG_SESSIONS = `
  CREATE SCHEMA sessions;
  CREATE TABLE sessions.setting (application text, name text, value text);
  CREATE FUNCTION sessions.log() RETURNS event_trigger SECURITY DEFINER LANGUAGE plpgsql AS $$
  BEGIN
    IF NOT pg_is_in_recovery() AND current_setting('application_name') <> '' THEN
      INSERT INTO sessions.setting SELECT current_setting('application_name'), lower(name), setting FROM pg_settings;
    END IF;
  END $$;
  CREATE EVENT TRIGGER log_sessions ON login EXECUTE FUNCTION sessions.log();
  ALTER EVENT TRIGGER log_sessions ENABLE ALWAYS`;

const READ = `query ($id: ID!) { networkDevice(id: $id) { version jobs state status { lastComm } } }`;
const REPORT = `mutation ($reports: [DeviceStatusReport!]!) {
  reportDeviceStatus(reports: $reports) { status { lastComm } }
}`;
const RENAME = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { version }
}`;

describe('no session depends on what database, role or server set by default', () => {
  let gateway: TestGateway;
  let customer: string;
  let token: string;
  let admin: string;

  beforeAll(async () => {
    const database = await createTestDatabase();
    const version = await serverVersion(database.url);
    if (version >= 170_000) await runIn(database.url, LOG_SESSIONS);
    const settings = Object.entries(STRANGE).map(
      ([name, value]) =>
        `ALTER DATABASE ${database.name} SET ${name} = ${name === 'datestyle' ? value : `'${value}'`}`,
    );
    await runIn(database.url, settings.join(';'));
    // The test itself looks with eyes of its own.
    const url = new URL(database.url);
    url.searchParams.set('options', '-c statement_timeout=0 -c lock_timeout=0 -c idle_session_timeout=0');
    gateway = await startGatewayOn({ ...database, url: url.href }, { DATABASE_URL: database.url });
    customer = await createCustomer(gateway);
    token = await gateway.token('MANAGER', customer);
    admin = await gateway.token('ADMIN', customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function serverVersion(url: string): Promise<number> {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ number: number }>(
      `SELECT current_setting('server_version_num')::integer AS number`,
    );
    await client.end();
    return rows[0]?.number ?? 0;
  }

  const read = async (id: string): Promise<unknown> => {
    const { data, errors } = await gateway.query(READ, { token, variables: { id } });
    expect(errors).toEqual([]);
    return data;
  };

  it('an imported moment is read as it was written, and its job does not wait for hours', async () => {
    const { id } = await createDevice(gateway, {
      customer,
      state: 'PROVISIONING',
      status: { lastComm: '2025-03-09T01:30:00.000Z' },
    });
    await expect
      .poll(async () => await read(id))
      .toEqual({
        networkDevice: {
          version: 1,
          jobs: 0,
          state: 'ACTIVE',
          status: { lastComm: '2025-03-09T01:30:00.000Z' },
        },
      });
  });

  it.each(['0001-01-01T00:00:00.000Z', '1883-11-18T12:00:00.000Z', '2025-07-01T12:00:00.123Z'])(
    'a moment that is reported is answered and read: %s',
    async (lastComm) => {
      const { id } = await createDevice(gateway, { customer, status: null });
      const reports = [{ device: id, lastComm }];
      const { data, errors } = await gateway.query(REPORT, { token: admin, variables: { reports } });
      expect(errors).toEqual([]);
      expect(data).toEqual({ reportDeviceStatus: [{ status: { lastComm } }] });
      expect(await read(id)).toMatchObject({ networkDevice: { status: { lastComm } } });
    },
  );

  it('updates of one device at once all succeed, as none is isolated more than it is meant to be', async () => {
    const { id } = await createDevice(gateway, { customer });
    const answers = await Promise.all(
      Array.from({ length: 80 }, async (_, index) => {
        const input = index % 2 === 0 ? { name: `Name ${index}` } : { notes: `Notes ${index}` };
        return await gateway.query(RENAME, { token, variables: { id, input } });
      }),
    );
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(await read(id)).toMatchObject({ networkDevice: { version: 81 } });
  });

  it('a search finds everything that fits', async () => {
    const text = newMac();
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        await createDevice(gateway, { customer, name: `${text} ${index}` });
      }),
    );
    const query = `query ($search: String) { networkDeviceConnection(filter: { search: $search }) { totalCount } }`;
    const { data } = await gateway.query(query, { token, variables: { search: text } });
    expect(data).toEqual({ networkDeviceConnection: { totalCount: 12 } });
  });

  it('subscribers go on to hear of changes', async () => {
    const { id } = await createDevice(gateway, { customer });
    const subscriber = await connect(gateway, token);
    try {
      await subscriber.watch('w', { ids: [id] });
      await touch(gateway, [id]);
      await subscriber.receives('w', 1);
    } finally {
      subscriber.close();
    }
  });

  it('every connection states its own settings: requests, Prisma, listener, migrations, import', async ({
    skip,
  }) => {
    const { rows: tables } = await gateway.sql.query(
      `SELECT FROM information_schema.tables WHERE table_schema = 'sessions'`,
    );
    if (tables.length === 0) skip('Sessions can be watched from PostgreSQL 17 on.');
    const { rows } = await gateway.sql.query<{ application: string; name: string; value: string }>(
      `SELECT DISTINCT application, name, value FROM sessions.setting
       WHERE name = ANY($1) AND application LIKE 'device-gateway%'`,
      [Object.keys(STRANGE)],
    );
    expect(new Set(rows.map(({ application }) => application))).toEqual(
      new Set(['device-gateway', 'device-gateway-listener', 'device-gateway-start']),
    );
    const left = rows.filter(({ name, value }) => new Map(Object.entries(STRANGE)).get(name) === value);
    expect(left).toEqual([]);
  });

  it('a device that is missing is missing', async () => {
    const { errors } = await gateway.query(READ, { token: admin, variables: { id: newId() } });
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
  });
});
