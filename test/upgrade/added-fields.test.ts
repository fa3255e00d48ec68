import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createEmptyDatabase, runIn } from '../support/database.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { queryAt, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type ServerProcess, startServer } from '../support/processes.js';
import { describeDatabase, scriptOf } from '../support/schema-drift.js';
import { followRecipe, type RecipeCopy } from './recipe-copy.js';

const WIFI = 'wifi { ssid hidden countryCode }';
const READ = `query ($id: ID!) { device: networkDevice(id: $id) {
  ${WIFI} status { temperature }
  changes(first: 1) { edges { node { paths before { ${WIFI} } after { ${WIFI} } } } }
  settingsAt(version: 1) { ${WIFI} }
} }`;
const update = (selection: string): string => `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  device: updateNetworkDevice(id: $id, input: $input) { ${selection} }
}`;
const REVERT = `mutation ($id: ID!) { device: revertNetworkDevice(id: $id, toVersion: 2) { ${WIFI} } }`;
const REPORT = `mutation ($id: ID!) {
  devices: reportDeviceStatus(reports: [{ device: $id, temperature: 41 }]) { status { temperature } }
}`;

const UNSET = { ssid: 'SkyNet', hidden: false, countryCode: null };
const SET = { ssid: 'SkyNet', hidden: true, countryCode: 'NL' };

describe('fields that are added as CONTRIBUTING.md says, and nowhere else', () => {
  let copy: RecipeCopy;
  /** The build that does not know them. */
  let before: TestGateway;
  let after: ServerProcess;
  let device: TestDevice;
  let token: string;

  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    copy = await followRecipe();
    ends.unshift(copy.remove);
    before = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    ends.unshift(before.stop);
    device = await createDevice(before);
    token = await before.token('ADMIN', device.customer);
    await copy.compile();
    after = await startServer({ ...before.env, LOG_LEVEL: 'info' }, [], copy.main);
    ends.unshift(async () => await after.end('SIGTERM'));
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });

  /** What a document answers of the device. */
  const ask = async (at: { readonly url: string }, document: string, input?: object): Promise<unknown> => {
    const { data, errors } = await queryAt(at.url, document, { token, variables: { id: device.id, input } });
    expect(errors).toEqual([]);
    return z.object({ device: z.unknown() }).parse(data).device;
  };

  it('are in schema.prisma as the migration makes them', async () => {
    const empty = await createEmptyDatabase();
    try {
      const schema = await readFile(join(copy.folder, 'prisma/schema.prisma'), 'utf8');
      await runIn(empty.url, await scriptOf(empty.url, schema));
      expect(await describeDatabase(empty.url)).toEqual(
        await describeDatabase(before.env['DATABASE_URL'] ?? ''),
      );
    } finally {
      await empty.drop();
    }
  });

  it('are false and null in a device that is older than they are, in its history too', async () => {
    expect(await ask(after, READ)).toMatchObject({
      wifi: UNSET,
      status: { temperature: null },
      settingsAt: { wifi: UNSET },
    });
  });

  it('are set, read and kept in the history', async () => {
    const wifi = { hidden: true, countryCode: 'NL' };
    expect(await ask(after, update(`version ${WIFI}`), { wifi })).toEqual({ version: 2, wifi: SET });
    const paths = ['wifi.hidden', 'wifi.countryCode'];
    const change = { paths, before: { wifi: UNSET }, after: { wifi: SET } };
    expect(await ask(after, READ)).toMatchObject({
      wifi: SET,
      changes: { edges: [{ node: change }] },
      settingsAt: { wifi: UNSET },
    });
  });

  it('come back with an older version', async () => {
    await ask(after, update('id'), { wifi: null });
    expect(await ask(after, REVERT)).toEqual({ wifi: SET });
  });

  it('are reported', async () => {
    const { data } = await queryAt(after.url, REPORT, { token, variables: { id: device.id } });
    expect(data).toEqual({ devices: [{ status: { temperature: 41 } }] });
  });

  it('are on the REST page', async () => {
    const page = new URL(`/network/device/${device.id}`, after.url);
    const response = await fetch(page, { headers: { authorization: `Bearer ${token}` } });
    expect(await response.json()).toMatchObject({ wifi: SET, status: { temperature: 41 } });
  });

  it('have their rule, in the gateway and in the database', async () => {
    const variables = { id: device.id, input: { wifi: { countryCode: 'nl' } } };
    const { errors } = await queryAt(after.url, update('id'), { token, variables });
    expect(errors).toMatchObject([{ extensions: { rest: { code: 422, message: 'wifi.countryCode' } } }]);
    const statement = `UPDATE network_device SET wifi_country_code = 'nl' WHERE id = $1`;
    await expect(before.sql.query(statement, [device.id])).rejects.toMatchObject({
      constraint: 'network_device_wifi_country_code_check',
    });
  });

  it('stay when the build before changes the device, and go when it drops the section', async () => {
    await ask(before, update('id'), { wifi: { ssid: 'Other' } });
    expect(await ask(after, READ)).toMatchObject({ wifi: { ...SET, ssid: 'Other' } });
    await ask(before, update('id'), { wifi: null });
    await ask(before, update('id'), { wifi: { ssid: 'SkyNet' } });
    expect(await ask(after, READ)).toMatchObject({ wifi: UNSET });
  });
});
