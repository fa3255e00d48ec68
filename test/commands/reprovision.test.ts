import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';
import { build, type Outcome, runCommand } from '../support/processes.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { isSettled, progressIn, read, update, waitFor } from '../api/provisioning/provisioning.js';

const FAILED = 3;

describe('npm run reprovision', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let customer: string;
  let token: string;
  const failed: string[] = [];
  let applied: string;
  beforeAll(async () => {
    await build();
    southbound = await startSouthbound();
    gateway = await startTestGateway({ ...southbound.env });
    customer = await createCustomer(gateway);
    token = await gateway.token('MANAGER', customer);
    southbound.answerWith(() => ({ status: 422, body: { error: 'No.' } }));
    for (let count = 0; count < FAILED; count += 1) {
      const { id } = await createDevice(gateway, { customer });
      progressIn(await update(gateway, token, id, { wifi: { ssid: 'New' } }));
      failed.push(id);
    }
    for (const id of failed) await waitFor(gateway, token, id, isSettled);
    southbound.answerWith(() => ({ status: 200 }));
    applied = (await createDevice(gateway, { customer })).id;
    progressIn(await update(gateway, token, applied, { wifi: { ssid: 'New' } }));
    await waitFor(gateway, token, applied, isSettled);
    failed.sort();
  });
  afterAll(async () => {
    await gateway.stop();
    await southbound.close();
  });

  const reprovision = async (...args: readonly string[]): Promise<Outcome> =>
    await runCommand('reprovision', args, { ...gateway.env });
  const jobsOf = async (id: string): Promise<number> =>
    (await read(gateway, token, id)).provisioningJobs.length;

  it('--dry-run counts, and sends nothing', async () => {
    const { code, stdout } = await reprovision('--failed', '--dry-run', '--rate', '0.1');
    expect([code, stdout]).toEqual([0, '3 devices, 0.1 a second: 1 minutes.\n']);
    for (const id of failed) expect(await jobsOf(id)).toBe(1);
  });

  it('--customer and --after look at those of one customer, and behind what an earlier run did', async () => {
    const other = await createCustomer(gateway);
    const { stdout } = await reprovision('--all', '--customer', other);
    expect(stdout).toContain('0 devices are sent');
    const { stdout: rest } = await reprovision('--failed', '--after', failed[FAILED - 1] ?? '');
    expect(rest).toContain('At most 3 devices');
    expect(rest).toContain('0 devices are sent');
  });

  it('--failed sends the settings of those whose newest job failed, no faster than asked, and says so in the audit trail', async () => {
    const { code, stdout } = await reprovision('--failed', '--rate', '2');
    expect([code, stdout]).toEqual([0, textLike(/3 devices are sent their settings, 0 were deleted/)]);
    for (const id of failed) {
      const { provisioningJobs } = await waitFor(gateway, token, id, isSettled);
      expect(provisioningJobs.map(({ state }) => state)).toEqual(['APPLIED', 'FAILED']);
    }
    expect(await jobsOf(applied)).toBe(1);
    const { rows } = await gateway.sql.query(
      `SELECT DISTINCT subject, access_level, request_id LIKE 'gw-%' AS own FROM device_audit WHERE action LIKE 'RETRY%' OR action = 'retryProvisioning'`,
    );
    // The first at once, two more half a second apart; timers are exact to a millisecond.
    const { rows: pace } = await gateway.sql.query(
      `SELECT max(at) - min(at) >= interval '900 milliseconds' AS kept FROM device_audit WHERE subject = 'reprovision'`,
    );
    expect(pace).toEqual([{ kept: true }]);
    expect(rows).toEqual([{ subject: 'reprovision', access_level: 'ADMIN', own: true }]);
  });

  it('--all sends those of every device', async () => {
    const { stdout } = await reprovision('--all', '--customer', customer, '--rate', '1000');
    expect(stdout).toContain('4 devices are sent');
    await expect.poll(async () => await jobsOf(applied)).toBe(2);
  });

  it.each([[['--failed', '--all', '--rate', '1']], [['--failed', '--rate', '0']]])(
    '%j is answered with the usage',
    async (args) => {
      expect(await reprovision(...args)).toMatchObject({ code: 1, stderr: textLike(/^Usage:/) });
    },
  );
});
