import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Subscriber } from '../live/subscriber.js';
import { row } from './support/figures.js';
import { mayBreakServer, type OwnPostgres } from './support/own-postgres.js';
import { type Rig, startBreakableRig } from './support/rig.js';
import { size } from '../support/sizes.js';

const STOPS = size(5, 2);
const CHANGES = 20;

const TOUCH = `WITH touched AS (UPDATE network_device SET notes = $2, version = version + 1 WHERE id = $1 RETURNING id)
  INSERT INTO device_change (device_id) SELECT id FROM touched`;

// The server of TEST_DATABASE_URL is not ours to stop.
describe.skipIf(!mayBreakServer)('a database server that is restarted while subscribers hang', () => {
  let rig: Rig;
  let postgres: OwnPostgres;
  beforeAll(async () => {
    ({ rig, postgres } = await startBreakableRig(1));
  });
  afterAll(async () => {
    await rig.close();
  });

  it('they get what they missed, without connecting again themselves', async () => {
    const gateway = await rig.startGateway({ LOG_LEVEL: 'debug' });
    const front = {
      url: gateway.url,
      get logLines() {
        return gateway.output.stdout.split('\n');
      },
    };
    const authorization = `Bearer ${await rig.token('MANAGER')}`;
    const subscribers = [];
    for (let count = 0; count < 3; count += 1) {
      const subscriber = await Subscriber.connect(front, { authorization });
      await subscriber.watch('1');
      subscribers.push(subscriber);
    }
    const [device = { id: '' }] = rig.devices;
    const change = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 1) await rig.rows(TOUCH, [device.id, `Change ${done}`]);
    };
    for (let stop = 1; stop <= STOPS; stop += 1) {
      await change(CHANGES);
      await postgres.stopImmediately();
      await postgres.start();
      // The gateway finds the server again only after these.
      await change(CHANGES);
      rig.proxy.targetPort = Number(new URL(postgres.url()).port);
      for (const subscriber of subscribers) {
        const expected = 2 * CHANGES * stop;
        expect(await subscriber.receives('1', expected)).toHaveLength(expected);
        expect(subscriber.events('1').at(-1)).toMatchObject({ version: expected + 1 });
        expect(subscriber.closed).toBeUndefined();
      }
    }
    row('database restarted under subscribers', {
      stops: STOPS,
      subscribers: subscribers.length,
      'changes missed meanwhile': CHANGES * STOPS,
      lost: 0,
    });
    for (const subscriber of subscribers) subscriber.close();
  });
});
