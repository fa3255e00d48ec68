import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { textLike } from '../../support/matchers.js';
import { localClaims, localKey, sign } from '../../support/tokens.js';
import { retry, update } from '../provisioning/provisioning.js';

describe('the audit trail', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    device = await createDevice(gateway);
    token = await gateway.token('OWNER', device.customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const entries = async () => {
    const { rows } = await gateway.sql.query<Record<string, unknown>>(
      `SELECT version, action, paths, subject, access_level, request_id, at > now() - interval '1 minute' AS is_new
       FROM device_audit WHERE device_id = $1 AND action <> 'IMPORT' ORDER BY id`,
      [device.id],
    );
    return rows;
  };

  it('names who changed what, by which request', async () => {
    const input = {
      name: 'New',
      wifi: { password: 'C4naryPassword', ssid: 'New' },
      dhcp: { reservedClients: [] },
    };
    const { headers } = await update(gateway, token, device.id, input);
    await update(gateway, token, device.id, { dhcp: null });
    await retry(gateway, token, device.id);
    const url = new URL(`/network/device/${device.id}`, gateway.url);
    const page = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'x-request-id': 'of-the-page',
      },
      body: '{"notes":"By the page"}',
    });
    expect(page.status).toBe(200);
    const common = { subject: 'test-OWNER', access_level: 'OWNER', is_new: true };
    const action = 'UPDATE';
    expect(await entries()).toMatchObject([
      {
        ...common,
        action,
        version: 2,
        paths: ['name', 'wifi.ssid', 'wifi.password', 'dhcp.reservedClients'],
        request_id: headers.get('x-request-id'),
      },
      { ...common, action, version: 3, paths: ['dhcp'] },
      { ...common, action: 'RETRY', version: 3, paths: [] },
      { ...common, action, version: 4, paths: ['notes'], request_id: textLike(/^of-the-page\.[\w-]{11}$/) },
    ]);
  });

  it('two subjects never share a request id, whatever they send; one that repeats its own finds it', async () => {
    const idOf = async (sub: string, requestId: string | undefined, notes: string): Promise<string> => {
      const response = await fetch(new URL(`/network/device/${device.id}`, gateway.url), {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await sign(localClaims(device.customer, { sub }), localKey(gateway))}`,
          'content-type': 'application/json',
          ...(requestId !== undefined && { 'x-request-id': requestId }),
        },
        body: JSON.stringify({ notes }),
      });
      expect(response.status).toBe(200);
      const { request_id: id } = (await entries()).at(-1) ?? {};
      const answered = response.headers.get('x-request-id') ?? '';
      if (requestId?.startsWith('gw-') !== true) expect(answered).toBe(requestId ?? id);
      return String(id);
    };
    const own = await idOf('first', undefined, 'own');
    const [first, second] = [await idOf('first', 'same', 'a'), await idOf('second', 'same', 'b')];
    expect(first).not.toBe(second);
    expect(await idOf('first', 'same', 'c')).toBe(first);
    // Neither what the gateway made nor what stands in the trail can be taken over.
    expect(await idOf('second', own, 'd')).not.toBe(own);
    expect(await idOf('second', first, 'By the page')).not.toBe(first);
  });

  it('holds nothing that was not done', async () => {
    const before = await entries();
    await update(gateway, token, device.id, { name: 'Dry' }, { dryRun: true });
    await update(gateway, token, device.id, { name: '' });
    await update(gateway, token, device.id, { name: 'Late' }, { expectedVersion: 1 });
    await update(gateway, token, device.id, { notes: 'By the page' });
    await update(gateway, await gateway.token('VIEWER', device.customer), device.id, { name: 'Viewer' });
    expect(await entries()).toEqual(before);
  });

  it('and nothing is done that it does not hold: a change whose entry cannot be written is none', async () => {
    const stored = async (): Promise<unknown> =>
      (
        await gateway.sql.query(
          `SELECT d::text, (SELECT count(*) FROM provisioning_job WHERE device_id = d.id) AS jobs,
             (SELECT count(*) FROM device_change WHERE device_id = d.id) AS changes
           FROM network_device d WHERE id = $1`,
          [device.id],
        )
      ).rows;
    const before = await stored();
    await gateway.sql.query('ALTER TABLE device_audit ADD CONSTRAINT closed CHECK (false) NOT VALID');
    try {
      for (const input of [{ name: 'In secret' }, { wifi: { ssid: 'In secret' } }]) {
        const { errors } = await update(gateway, token, device.id, input);
        expect(errors[0]?.extensions.code).toBe('INTERNAL_ERROR');
      }
      const { errors } = await retry(gateway, token, device.id);
      expect(errors[0]?.extensions.code).toBe('INTERNAL_ERROR');
      expect(await stored()).toEqual(before);
    } finally {
      await gateway.sql.query('ALTER TABLE device_audit DROP CONSTRAINT closed');
    }
    const { errors } = await update(gateway, token, device.id, { name: 'In the open' });
    expect(errors).toEqual([]);
    expect(await stored()).not.toEqual(before);
  });

  it('holds no password in clear, and values as they were before only', async () => {
    const { rows } = await gateway.sql.query<{ text: string; who: string }>(
      `SELECT a::text AS text, (to_jsonb(a) - 'old_values')::text AS who FROM device_audit a ORDER BY id`,
    );
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.map(({ who }) => who).join('\n')).not.toMatch(/C4naryPassword|By the page|New|Johns router/);
    expect(rows.map(({ text }) => text).join('\n')).not.toMatch(/C4naryPassword|JohnConner/);
    expect(rows.at(0)?.text).not.toContain('Johns router');
    expect(rows.at(1)?.text).toContain('Johns router');
    expect(rows.at(1)?.text).not.toContain('New');
  });
});
