import { setTimeout as delay } from 'node:timers/promises';
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
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
    const customer = await createCustomer(gateway);
    while (devices.length < 10) devices.push(await createDevice(gateway, { customer }));
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
    const id = devices[index]?.id ?? '';
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

  /** Lists share no statement, however many come in one turn of the event loop. */
  const list = async (): Promise<string> => {
    const { errors } = await gateway.query(`{ networkDevices(ids: ["${devices[0]?.id ?? ''}"]) { name } }`, {
      token,
    });
    return errors[0]?.extensions.code ?? 'none';
  };

  it('are shed at once with OVERLOADED, nothing of them is written, and the gateway is well again', async () => {
    const lock = await gateway.sql.connect();
    let isLocked = true;
    const running: Promise<void>[] = [];
    const repeat = (step: (turn: number) => Promise<void>): void => {
      running.push(
        (async () => {
          for (let turn = 0; isLocked; turn += 1) await step(turn);
        })(),
      );
    };
    try {
      await lock.query('BEGIN; LOCK TABLE network_device IN ACCESS EXCLUSIVE MODE');
      // 10 have a connection, 500 wait for one; the rest has its answer while everything stands still.
      let shedLists = 0;
      for (let count = 0; count < 600; count += 1) {
        repeat(async () => {
          if ((await list()) !== 'OVERLOADED') return;
          shedLists += 1;
          await delay(500);
        });
      }
      await expect.poll(() => shedLists).toBeGreaterThan(50);
      const shed: string[] = [];
      const shedPages: string[] = [];
      const codes = new Set<string>();
      for (let index = 0; index < 10; index += 1) {
        repeat(async (turn) => {
          const notes = `Note ${index}/${turn}`;
          const onPage = turn % 4 === 0;
          const { code, wait } = await update(notes, index, onPage);
          codes.add(code);
          if (code !== 'OVERLOADED') return;
          shed.push(notes);
          if (onPage) shedPages.push(wait ?? '');
        });
      }
      await expect.poll(() => Math.min(shed.length, 3 * shedPages.length)).toBeGreaterThan(50);
      // What reads through Prisma waits for the same connections.
      const models = async (): Promise<unknown> =>
        (await gateway.query('{ deviceModels { id } }', { token })).errors[0]?.extensions.code;
      await expect.poll(models).toBe('OVERLOADED');
      isLocked = false;
      await lock.query('ROLLBACK');
      await Promise.all(running);
      expect(codes).not.toContain('OUTCOME_UNKNOWN');
      expect((await update('At last', 0, false)).code).toBe('none');
      const { rows } = await gateway.sql.query<{ notes: string }>(
        'SELECT notes FROM network_device WHERE version > 1',
      );
      expect(rows.map(({ notes }) => notes)).toContain('At last');
      for (const { notes } of rows) expect(shed).not.toContain(notes);
      expect(new Set(shedPages)).toEqual(new Set(['1']));
    } finally {
      if (isLocked) await lock.query('ROLLBACK');
      isLocked = false;
      lock.release();
      await Promise.allSettled(running);
    }
  });
});
