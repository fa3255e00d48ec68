import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concurrencyGate } from '../../src/limits/concurrency-gate.js';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { name }
}`;

describe('a gate for work at once', () => {
  it('turns away what is too much, lets in again what follows, and counts what fails', async () => {
    const gate = concurrencyGate(2);
    let end = (): void => undefined;
    const long = new Promise<string>((resolve) => {
      end = () => resolve('done');
    });
    const running = [gate(async () => await long), gate(async () => await long)];
    let isStarted = false;
    const refused = gate(async () => {
      isStarted = true;
      return await long;
    });
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(isStarted).toBe(false);
    end();
    expect(await Promise.all(running)).toEqual(['done', 'done']);
    for (let index = 0; index < 5; index += 1) {
      await expect(gate(async () => await Promise.reject(new Error('x')))).rejects.toThrow('x');
    }
    expect(await gate(async () => await Promise.resolve('in'))).toBe('in');
  });
});

describe('more requests than the gateway can work on', () => {
  let gateway: TestGateway;
  const devices: TestDevice[] = [];
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    const customer = await createCustomer(gateway);
    while (devices.length < 40) devices.push(await createDevice(gateway, { customer }));
    token = await gateway.token('MANAGER', customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** One request, by GraphQL or on the REST page. */
  const update = async (
    notes: string,
    index: number,
    onPage: boolean,
  ): Promise<{ readonly code: string; readonly wait: string | null }> => {
    const id = devices[index % devices.length]?.id ?? '';
    if (!onPage) {
      const { errors, headers } = await gateway.query(UPDATE, {
        token,
        variables: { id, input: { notes } },
      });
      const { code = 'none', retryable, rest } = errors[0]?.extensions ?? {};
      if (code === 'OVERLOADED') {
        expect({ retryable, rest }).toEqual({ retryable: true, rest: { code: 503, message: 'overloaded' } });
      }
      return { code, wait: headers.get('retry-after') };
    }
    const response = await fetch(new URL(`/network/device/${id}`, gateway.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ notes }),
    });
    const body: unknown = await response.json();
    if (response.status !== 503) return { code: String(response.status), wait: null };
    const isShed = JSON.stringify(body).includes('overloaded');
    return {
      code: isShed ? 'OVERLOADED' : 'DATABASE_UNAVAILABLE',
      wait: response.headers.get('retry-after'),
    };
  };

  it('are shed at once with OVERLOADED, nothing of them is written, and the gateway is well again', async () => {
    const lock = await gateway.sql.connect();
    let isLocked = true;
    try {
      await lock.query('BEGIN; LOCK TABLE network_device IN ACCESS EXCLUSIVE MODE');
      const shed: string[] = [];
      const shedPages: string[] = [];
      const asked = Array.from({ length: 900 }, async (_, index) => {
        const notes = `Note ${index}`;
        const onPage = index % 8 === 0;
        const { code, wait } = await update(notes, index, onPage);
        if (isLocked && code === 'OVERLOADED') shed.push(notes);
        if (onPage && code === 'OVERLOADED') shedPages.push(wait ?? '');
        return code;
      });
      // 10 have a connection, 500 wait for one; the rest has its answer while everything stands still.
      await expect.poll(() => shed.length).toBeGreaterThan(50);
      // What reads through Prisma waits for the same connections.
      const { errors } = await gateway.query('{ deviceModels { id } }', { token });
      expect(errors[0]?.extensions.code).toBe('OVERLOADED');
      await lock.query('ROLLBACK');
      isLocked = false;
      const codes = await Promise.all(asked);
      expect(new Set(codes)).not.toContain('OUTCOME_UNKNOWN');
      const { rows } = await gateway.sql.query<{ notes: string }>(
        'SELECT notes FROM network_device WHERE version > 1',
      );
      expect(rows.length).toBeGreaterThan(0);
      for (const { notes } of rows) expect(shed).not.toContain(notes);
      expect(new Set(shedPages)).toEqual(new Set(['1']));
      expect((await update('At last', 0, false)).code).toBe('none');
    } finally {
      if (isLocked) await lock.query('ROLLBACK');
      lock.release();
    }
  });
});
