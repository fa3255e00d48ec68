import type { PoolClient } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/persistence/database/database.js';
import { deviceStore, type DeviceStore } from '../../src/persistence/devices/device-store.js';
import type { StoredDevice } from '../../src/secrets/device-secrets.js';
import { throttled } from '../../src/persistence/database/batched.js';
import type { JobSlot } from '../../src/persistence/jobs/claim-jobs.js';
import type { DeviceWrite, WriteOutcome } from '../../src/persistence/devices/write-device.js';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
import { lockWaits } from '../support/lock-waits.js';
import { textLike } from '../support/matchers.js';

const COUNT = 5;
const ALL = { kind: 'all' } as const;
const PATIENT = `DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''3s''', current_database());
END $$`;

let gateway: TestGateway;
let database: Database;
let store: DeviceStore;
let statements: string[];
let leases: string[];
let devices: readonly TestDevice[];
let second: TestDevice;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
});
beforeEach(async () => {
  devices = await Promise.all(Array.from({ length: COUNT }, async () => await createDevice(gateway)));
  [, second = { id: '', customer: '', macAddress: '' }] = devices;
  statements = [];
  leases = [];
  database = openDatabase(gateway.env['DATABASE_URL'] ?? '', () => undefined);
  store = deviceStore(
    { ...database, run: counted(database.run), runThroughPrisma: counted(database.runThroughPrisma) },
    { reserveSlot, notifyQueued: () => undefined },
  );
});
afterEach(async () => {
  await database.close();
});
afterAll(async () => {
  await gateway.stop();
});

/** The write of a device as it is to be, at its next version. */
function updateTo(device: StoredDevice): Pick<DeviceWrite, 'kind' | 'device' | 'before' | 'reach' | 'key'> {
  return {
    kind: 'update',
    device,
    before: { ...device, version: device.version - 1 },
    reach: ALL,
    key: undefined,
  };
}

function counted(run: Database['run']): Database['run'] {
  return async (statement, values) => {
    statements.push(statement.name ?? '');
    return await run(statement, values);
  };
}

function reserveSlot(): JobSlot {
  const lease = crypto.randomUUID();
  leases.push(lease);
  return { lease, leaseMs: 60_000, assign: () => undefined, release: () => undefined };
}

const ids = (): readonly string[] => devices.map(({ id }) => id);

async function stored(): Promise<readonly StoredDevice[]> {
  const found = await Promise.all(ids().map(async (id) => await store.find(ALL, id)));
  return found.filter((device) => device !== undefined);
}

const auditOf = (index: number): DeviceWrite['audit'] => ({
  action: 'UPDATE',
  paths: ['name', `path ${index}`],
  subject: `Subject "${index}"`,
  accessLevel: index === 0 ? null : 'MANAGER',
  requestId: `gw-request ${index}`,
});

/** Writes a name to each device, and to some of them something else. */
async function writeAll(
  change: (device: StoredDevice, index: number) => Partial<StoredDevice> = () => ({}),
  reaches: readonly DeviceWrite['reach'][] = [],
): Promise<readonly PromiseSettledResult<WriteOutcome>[]> {
  const before = await stored();
  statements = [];
  const next = before.map((device, index) => ({
    ...device,
    name: `Name ${index}`,
    version: device.version + 1,
    updatedAt: new Date(),
    ...change(device, index),
  }));
  return await Promise.allSettled(
    next.map(
      async (device, index) =>
        await store.optimistic.write({
          ...updateTo(device),
          reach: reaches[index] ?? ALL,
          needsJob: index < 3,
          audit: auditOf(index),
        }),
    ),
  );
}

/** How often a statement of the one connection was planned anew, and how often not. */
async function plans(name: string): Promise<unknown> {
  const text = `SELECT custom_plans::integer AS custom, generic_plans::integer AS generic
    FROM pg_prepared_statements WHERE name = $1`;
  const [row] = await database.run({ text, onLostConnection: 'nothing-written' }, [name]);
  return row;
}

const names = async (): Promise<readonly string[]> => (await stored()).map(({ name }) => name);
const untouched = (index: number): readonly string[] =>
  Array.from({ length: COUNT }, (_, place) => (place === index ? 'Johns router' : `Name ${place}`));

async function whileLocked(
  lock: string,
  value: string,
  work: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const client = await gateway.sql.connect();
  try {
    await client.query('BEGIN');
    await client.query(lock, [value]);
    await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

describe('devices that are read in the same turn', () => {
  it('are read by one statement, each for whoever wants it, also twice; none where there is none', async () => {
    const wanted = [...ids(), newId(), second.id];
    const found = await Promise.all(wanted.map(async (id) => await store.find(ALL, id)));
    expect(found.map((device) => device?.id)).toEqual([...ids(), undefined, second.id]);
    expect(statements).toEqual(['read-devices']);
  });

  it('are read anew when they are wanted later', async () => {
    await store.find(ALL, second.id);
    await gateway.sql.query(`UPDATE network_device SET name = 'Renamed' WHERE id = $1`, [second.id]);
    expect((await store.find(ALL, second.id))?.name).toBe('Renamed');
    expect(statements).toEqual(['read-devices', 'read-devices']);
  });

  it('are at most 100 for each statement', async () => {
    await Promise.all(Array.from({ length: 201 }, async () => await store.find(ALL, second.id)));
    expect(statements).toEqual(Array(3).fill('read-devices'));
  });

  it('are read by one plan, however many they are', async () => {
    for (let count = 1; count <= 20; count += 1) {
      await Promise.all(
        Array.from({ length: 1 + (count % 12) }, async () => await store.find(ALL, second.id)),
      );
    }
    expect(await plans('read-devices')).toEqual({ custom: 5, generic: 15 });
  });

  it('say of each wish by itself whether another device has the address', async () => {
    const { read } = store.optimistic;
    const found = await Promise.all([
      ...ids().map(async (id) => await read({ id, macAddress: second.macAddress, reach: ALL })),
      read({ id: second.id, macAddress: newMac(), reach: ALL }),
      read({ id: second.id, macAddress: null, reach: ALL }),
    ]);
    expect(found.map((one) => one?.isMacTaken)).toEqual([true, false, true, true, true, false, false]);
    expect(statements).toEqual(['read-devices-and-macs']);
  });

  it('fail alone when their row cannot be understood', async () => {
    await gateway.sql.query('ALTER TABLE network_device DISABLE TRIGGER USER');
    await gateway.sql.query(
      `UPDATE network_device SET dhcp_reserved_clients = '[{"mac": 1}]' WHERE id = $1`,
      [second.id],
    );
    await gateway.sql.query('ALTER TABLE network_device ENABLE TRIGGER USER');
    const found = await Promise.allSettled(ids().map(async (id) => await store.find(ALL, id)));
    expect(found.map(({ status }) => status)).toEqual(
      untouched(1).map((name) => (name === 'Johns router' ? 'rejected' : 'fulfilled')),
    );
  });
});

describe('updates that are written in the same turn', () => {
  it('are judged each by its own reach, of the devices and customers as they are then', async () => {
    const [reseller, other] = [await createCustomer(gateway), await createCustomer(gateway)];
    const customers = devices.map(({ customer }) => customer);
    await gateway.sql.query('UPDATE customer SET parent_reseller_id = $1 WHERE id = ANY ($2)', [
      reseller,
      customers,
    ]);
    const outcomes = await writeAll(undefined, [
      { kind: 'own', customerId: customers[0] ?? '' },
      { kind: 'own', customerId: customers[0] ?? '' },
      { kind: 'below', customerId: reseller },
      { kind: 'below', customerId: other },
      { kind: 'nothing' },
    ]);
    expect(statements).toEqual(['write-devices']);
    expect(outcomes.map((outcome) => 'value' in outcome && outcome.value === 'outdated')).toEqual([
      false,
      true,
      false,
      true,
      true,
    ]);
    expect(await names()).toEqual(['Name 0', 'Johns router', 'Name 2', 'Johns router', 'Johns router']);
  });

  it('are one statement, and each has its own settings, job and audit entry', async () => {
    const outcomes = await writeAll();
    expect(statements).toEqual(['write-devices']);
    const started = {
      state: 'PROVISIONING',
      jobs: 1,
      provisioned: false,
      startedJob: textLike(/^[0-9a-f]{24}$/),
    };
    const unneeded = { state: 'ACTIVE', jobs: 0, provisioned: true, startedJob: null };
    expect(outcomes).toEqual(
      Array.from({ length: COUNT }, (_, index) => ({
        status: 'fulfilled',
        value: index < 3 ? started : unneeded,
      })),
    );
    expect(await names()).toEqual(untouched(-1));
    const { rows } = await gateway.sql.query<object>(
      `SELECT d.version, a.version AS audited, a.action, a.paths, a.subject, a.access_level, a.request_id, j.lease, j.state,
         (SELECT count(*)::integer FROM device_change c WHERE c.device_id = d.id) AS notes
       FROM unnest($1::text[]) WITH ORDINALITY AS wanted(id, place) JOIN network_device d ON d.id = wanted.id
       JOIN device_audit a ON a.device_id = d.id AND a.action <> 'IMPORT' LEFT JOIN provisioning_job j ON j.device_id = d.id ORDER BY place`,
      [ids()],
    );
    expect(rows).toEqual(
      Array.from({ length: COUNT }, (_, index) => {
        const { action, paths, subject, accessLevel, requestId } = auditOf(index);
        return {
          ...{ version: 2, audited: 2, notes: 1 },
          ...{ action, paths, subject, access_level: accessLevel, request_id: requestId },
          ...{ lease: leases[index] ?? null, state: index < 3 ? 'RUNNING' : null },
        };
      }),
    );
  });

  it('are written by one plan, however many they are', async () => {
    for (let version = 2; version <= 21; version += 1) {
      const all = await stored();
      await Promise.all(
        all.slice(version % COUNT).map(async (device) => {
          const next = {
            ...device,
            notes: `Note ${version}`,
            version: device.version + 1,
            updatedAt: new Date(),
          };
          await store.optimistic.write({ ...updateTo(next), needsJob: true, audit: auditOf(0) });
        }),
      );
    }
    expect(await plans('write-devices')).toEqual({ custom: 5, generic: 15 });
  });

  it('are outdated one by one', async () => {
    const outcomes = await writeAll(({ version }, index) => (index === 1 ? { version: version + 2 } : {}));
    expect(outcomes[1]).toEqual({ status: 'fulfilled', value: 'outdated' });
    expect(statements).toEqual(['write-devices']);
    expect(await names()).toEqual(untouched(1));
  });

  it('of one device: one of them is written', async () => {
    const device = await store.find(ALL, second.id);
    if (device === undefined) throw new Error('There is no device.');
    const next = { ...device, version: device.version + 1, updatedAt: new Date() };
    const outcomes = await Promise.all(
      ['One', 'Two', 'Three'].map(
        async (name) =>
          await store.optimistic.write({
            ...updateTo({ ...next, name }),
            needsJob: true,
            audit: auditOf(0),
          }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'outdated')).toHaveLength(2);
    const { rows } = await gateway.sql.query(
      `SELECT (SELECT count(*) FROM provisioning_job WHERE device_id = $1)::integer AS jobs, (SELECT count(*) FROM device_audit WHERE device_id = $1 AND action <> 'IMPORT')::integer AS audited`,
      [second.id],
    );
    expect(rows).toEqual([{ jobs: 1, audited: 1 }]);
  });

  it('fail alone: one whose MAC address was taken meanwhile', async () => {
    const [first] = devices;
    const outcomes = await writeAll((_, index) =>
      index === 1 ? { macAddress: first?.macAddress ?? '' } : {},
    );
    expect(outcomes[1]).toEqual({ status: 'fulfilled', value: 'mac-taken' });
    expect(await names()).toEqual(untouched(1));
  });

  it('fail alone: one that breaks a rule of the database', async () => {
    const outcomes = await writeAll((_, index) => (index === 1 ? { name: '' } : {}));
    expect(outcomes.map(({ status }) => status)).toEqual(
      untouched(1).map((name) => (name === 'Johns router' ? 'rejected' : 'fulfilled')),
    );
    expect(await names()).toEqual(untouched(1));
  });

  it('do not wait for a device that somebody else holds; that one is written when it is free', async () => {
    const done = new Set<string>();
    let all: Promise<unknown> = Promise.resolve();
    await whileLocked('SELECT FROM network_device WHERE id = $1 FOR UPDATE', second.id, async () => {
      const before = await stored();
      all = Promise.all(
        before.map(async (device) => {
          const next = { ...device, name: 'Written', version: 2, updatedAt: new Date() };
          await store.optimistic.write({ ...updateTo(next), needsJob: false, audit: auditOf(0) });
          done.add(device.id);
        }),
      );
      await expect
        .poll(() => done, { timeout: 3_000 })
        .toEqual(new Set(ids().filter((id) => id !== second.id)));
    });
    await all;
    expect(await names()).toEqual(Array(COUNT).fill('Written'));
  });

  it('fail together, retryable, when one waits too long for an address that somebody is about to take', async () => {
    const mac = newMac();
    const { id } = await createDevice(gateway);
    await whileLocked(`UPDATE network_device SET mac_address = '${mac}' WHERE id = $1`, id, async () => {
      const outcomes = await writeAll((_, index) => (index === 1 ? { macAddress: mac } : {}));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DATABASE_UNAVAILABLE' } });
      }
    });
    expect(await names()).toEqual(Array(COUNT).fill('Johns router'));
  });

  it('are written one by one after a deadlock', async () => {
    const mac = newMac();
    const { id } = await createDevice(gateway);
    let all: Promise<unknown> = Promise.resolve();
    const take = `UPDATE network_device SET mac_address = '${mac}' WHERE id = $1`;
    await whileLocked(take, id, async (client) => {
      // So it is the gateway's statement that finds the deadlock and is given up, and not before there is one.
      await client.query(`SET LOCAL deadlock_timeout = '10s'`);
      await gateway.sql.query(PATIENT);
      all = writeAll((_, index) => (index === 1 ? { macAddress: mac } : {}));
      await expect.poll(async () => await lockWaits(gateway)).toBe(1);
      await client.query('SELECT FROM network_device WHERE id = $1 FOR UPDATE', [second.id]);
    });
    await all;
    expect(await names()).toEqual(untouched(-1));
    expect(statements).toEqual([
      'write-devices',
      ...Array<string>(COUNT).fill('write-device'),
      'read-devices',
    ]);
  });
});

describe('what is done at most every 20 ms', () => {
  it('is done at once after a pause, and else when the time has come', () => {
    vi.useFakeTimers({ toFake: ['setImmediate', 'setTimeout', 'performance'] });
    try {
      const schedule = throttled(20);
      const done: string[] = [];
      const wanted = (name: string): void => schedule(() => done.push(`${name} at ${performance.now()}`));
      wanted('first');
      vi.advanceTimersByTime(5);
      wanted('second');
      vi.advanceTimersByTime(16);
      wanted('third');
      vi.advanceTimersByTime(79);
      wanted('after a pause');
      vi.advanceTimersByTime(50);
      expect(done).toEqual(['first at 0', 'second at 20', 'third at 40', 'after a pause at 100']);
    } finally {
      vi.useRealTimers();
    }
  });
});
