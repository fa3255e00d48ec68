import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ask, type Reply } from './support/client.js';
import { row, tally } from './support/figures.js';
import {
  countKeys,
  type KeyedCall,
  keepNextAnswer,
  keyedCalls,
  lifeOf,
  repeat,
} from './support/keyed-calls.js';
import { mayBreakServer } from './support/own-postgres.js';
import { type Rig, startBreakableRig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';

const FAULTS = size(200, 5);
/** Every second fault comes when the database has answered, the others at any moment of the statement. */
const MAX_STATEMENT_MS = 4;

/** Something that breaks a call, given a moment between its statement and its answer, and whom to repeat it to. */
type Break = (call: Promise<Reply>) => Promise<{ readonly url: string; readonly reply: Reply }>;

/** Breaks calls with keys one after the other, repeats each, and looks at what the database holds of it. */
async function breakCalls(rig: Rig, urlNow: () => string, breakCall: Break): Promise<readonly Reply[]> {
  const token = await rig.token('MANAGER');
  const [model] = await rig.rows('SELECT min(id) AS id FROM device_model');
  const nextCall = keyedCalls(String(model?.['id']));
  const broken: Reply[] = [];
  let deviceId = '';
  for (let fault = 0; fault < FAULTS; fault += 1) {
    const call: KeyedCall = nextCall(deviceId);
    const { sent, kept } = keepNextAnswer(rig);
    const reply = ask({ url: urlNow(), token, requestId: `first-${fault}`, ...call });
    const unbroken = reply.then(({ text }) => Promise.reject(new Error(`Nothing was written: ${text}`)));
    await Promise.race([sent, unbroken]);
    await (fault % 2 === 0 ? kept : delay(Math.random() * MAX_STATEMENT_MS));
    const { url, reply: first } = await breakCall(reply);
    broken.push(first);
    const device = await repeat({ url, token }, call);
    deviceId = device.id;
    expect(await lifeOf(rig, deviceId)).toEqual(call.after);
    expect(device.version).toBe(call.after.version);
    expect(await countKeys(rig)).toBe(fault + 1);
  }
  return broken;
}

describe('repeats of a call with an idempotency key have one effect with the first one', () => {
  it(`which a gateway was killed in the middle of, ${FAULTS} times`, async () => {
    const rig = await startRig(1);
    try {
      const survivor = await rig.startGateway();
      let victim = await rig.startGateway();
      let next = rig.startGateway();
      const broken = await breakCalls(
        rig,
        () => victim.url,
        async (reply) => {
          const { code } = await victim.end('SIGKILL');
          // A gateway that had ended by itself could not be killed.
          expect(code).toBeNull();
          victim = await next;
          next = rig.startGateway();
          return { url: survivor.url, reply: await reply };
        },
      );
      await next;
      const outcomes = tally(broken.map(({ outcome }) => outcome));
      row('gateway killed before its answer', { kills: FAULTS, outcomes });
      expect(broken.filter(({ status }) => status !== 0)).toEqual([]);
    } finally {
      await rig.close();
    }
  }, 1_200_000);

  // The server of TEST_DATABASE_URL is not ours to stop.
  it.skipIf(!mayBreakServer)(
    `which the database was stopped in the middle of, ${FAULTS} times`,
    async () => {
      const { rig, postgres } = await startBreakableRig(1);
      try {
        const gateway = await rig.startGateway();
        const broken = await breakCalls(
          rig,
          () => gateway.url,
          async (reply) => {
            await postgres.stopImmediately();
            const first = await reply;
            await postgres.start();
            rig.proxy.targetPort = Number(new URL(postgres.url()).port);
            return { url: gateway.url, reply: first };
          },
        );
        const outcomes = tally(broken.map(({ outcome }) => outcome));
        row('database stopped before its answer', { stops: FAULTS, outcomes });
        // With a key the same call may be repeated, and the client is told so.
        expect(broken.map(({ outcome, isRetryable }) => [outcome, isRetryable])).toEqual(
          Array(FAULTS).fill(['OUTCOME_UNKNOWN', true]),
        );
      } finally {
        await rig.close();
      }
    },
    1_800_000,
  );
});
