import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, touch } from '../../live/subscriber.js';
import { createDevice } from '../../support/fleet.js';
import { newId, queryAt, startTestGateway, type TestGateway } from '../../support/gateway.js';

const UPDATE = `mutation ($id: ID!) { updateDeviceModel(id: $id, input: { brand: "Seen elsewhere" }) { brand } }`;

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  token = await gateway.token('RESELLER_ADMIN', newId());
});
afterAll(async () => {
  await gateway.stop();
});

it('a change of a model is seen by other instances within two seconds, and is no change of a device', async () => {
  const device = await createDevice(gateway);
  const { rows } = await gateway.sql.query<{ id: string }>(
    'SELECT model_id AS id FROM network_device WHERE id = $1',
    [device.id],
  );
  const id = rows[0]?.id ?? '';
  const viewer = await gateway.token('VIEWER', device.customer);
  const both = `{ deviceModel(id: "${id}") { brand } networkDevice(id: "${device.id}") { model { brand } } }`;
  const twin = await gateway.startTwin();
  const subscriber = await connect(gateway, viewer);
  try {
    const readThere = async () => (await queryAt(twin.url, both, { token: viewer })).data;
    await readThere();
    await subscriber.watch('w', { ids: [device.id] });
    expect((await gateway.query(UPDATE, { token, variables: { id } })).errors).toEqual([]);
    const model = { brand: 'Seen elsewhere' };
    await expect
      .poll(readThere, { timeout: 2_000 })
      .toEqual({ deviceModel: model, networkDevice: { model } });
    await touch(gateway, [device.id], 'After');
    expect(await subscriber.receives('w', 1)).toMatchObject([{ id: device.id }]);
    expect(subscriber.events('w')).toHaveLength(1);
  } finally {
    subscriber.close();
    await twin.stop();
  }
});
