import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import type { ServerProcess } from '../support/processes.js';
import { size } from '../support/sizes.js';
import { ask } from './support/client.js';
import { row } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';

/** More than the slots for jobs that updates start themselves, which are 1,000; what is beyond them waits in the queue. */
const SILENT = size(2_500, 1_200);
const STARTED_SLOTS = 1_000;
/** Maximum number of updates in a request. */
const UPDATES = 50;

/** Maximum time from an update to the first attempt, while all those slots are taken. */
const MAX_WAIT_MS = 2_000;

let rig: Rig;
let southbound: Southbound;
let gateway: ServerProcess;
beforeAll(async () => {
  southbound = await startSouthbound();
  rig = await startRig(SILENT + 1);
  gateway = await rig.startGateway({
    ...southbound.env,
    PROVISIONING_WORKER: 'true',
    SHUTDOWN_GRACE_MS: '0',
  });
}, 600_000);
afterAll(async () => {
  await rig.close();
  await southbound.close();
});

it(`an update is sent to its device while ${SILENT} devices that were updated before it are silent`, async () => {
  const [other, ...silent] = rig.devices.map(({ id }) => id);
  southbound.answerWith(({ deviceId }) => (deviceId === other ? { status: 204 } : 'silence'));
  const token = await rig.token('MANAGER');
  const update = async (ids: readonly (string | undefined)[]): Promise<void> => {
    const fields = ids.map(
      (id, index) => `a${index}: updateNetworkDevice(id: "${id}", input: { wifi: { ssid: "New" } }) { jobs }`,
    );
    const query = `mutation { ${fields.join(' ')} }`;
    expect(await ask({ url: gateway.url, token, requestId: 'silent-updates', query })).toMatchObject({
      outcome: 'done',
    });
  };
  const batches = Array.from({ length: Math.ceil(silent.length / UPDATES) }, (_, index) =>
    silent.slice(index * UPDATES, (index + 1) * UPDATES),
  );
  await Promise.all(batches.map(update));
  await expect.poll(() => southbound.arrivals.length).toBeGreaterThan(STARTED_SLOTS);
  const open = southbound.arrivals.filter(({ endedAt }) => endedAt === undefined).length;
  const sentAt = performance.now();
  await update([other]);
  const first = () => southbound.arrivals.find(({ deviceId }) => deviceId === other);
  await expect.poll(first).toBeDefined();
  const waitMs = (first()?.startedAt ?? Infinity) - sentAt;
  row('updates of silent devices', {
    silent: SILENT,
    'open attempts': open,
    'ms to the attempt of another': waitMs,
  });
  expect(open).toBeGreaterThan(STARTED_SLOTS);
  expect(waitMs).toBeLessThan(MAX_WAIT_MS);
}, 300_000);
