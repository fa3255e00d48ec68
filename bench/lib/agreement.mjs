// Before anything is measured: all give the same answers, and each is asked whether updates at once leave a device whole.
import { isDeepStrictEqual } from 'node:util';
import { Agent } from 'undici';
import { OPERATIONS, pickDevice, requestFor } from './operations.mjs';
import { randomSource } from './random.mjs';
import { send } from './send.mjs';

const COMPARED = ['Q', 'M', 'Q', 'page', 'batch', 'batch-slim', 'R'];
const DEVICES_COMPARED = 5;
const UPDATES_AT_ONCE = 320;
const RESERVATIONS = 3;

/** A seed of its own for each race: an update that sets what is set already would count as a lost one. */
let seed = 1;

/** What contenders do not do, or count for themselves: jobs, and the time and number of a write. */
const OWN_AFFAIRS = ['version', 'updatedAt', 'jobs', 'state'];
const TIMES = ['createdAt', 'updatedAt', 'lastComm'];

/** The answers of a running server to the same requests as everybody gets, without what may differ. */
export async function collectAnswers({ url }, kind, { tokens, options: { devices } }) {
  const dispatcher = new Agent();
  const random = randomSource(1);
  const answers = [];
  try {
    for (let round = 0; round < DEVICES_COMPARED; round += 1) {
      const n = pickDevice(random, devices);
      for (const name of COMPARED) {
        const answer = await ask(
          dispatcher,
          url,
          kind,
          name,
          { n, random: randomSource(n), devices },
          tokens,
        );
        answers.push({ name, value: normalised(answer) });
      }
    }
    return answers;
  } finally {
    await dispatcher.destroy();
  }
}

/** @throws Error that names the first answer in which two contenders differ */
export function compareAnswers(answersByName) {
  const [[firstName, first], ...others] = Object.entries(answersByName);
  for (const [name, answers] of others) {
    const index = answers.findIndex((answer, place) => !isDeepStrictEqual(answer, first[place]));
    if (index >= 0) {
      const [one, other] = [first, answers].map((all) => JSON.stringify(all[index].value).slice(0, 4_000));
      throw new Error(`${firstName} and ${name} differ in ${answers[index].name}:\n${one}\n${other}`);
    }
  }
}

/**
 * Updates one device many times at once.
 * @returns what is wrong afterwards, or undefined
 */
export async function raceUpdates({ url }, kind, { tokens, options: { devices } }) {
  const n = devices - (devices % 2);
  const dispatcher = new Agent();
  const random = randomSource((seed += 1));
  const read = async () => await ask(dispatcher, url, kind, 'Q', { n, random, devices }, tokens);
  try {
    const before = await read();
    const outcomes = await Promise.allSettled(
      Array.from(
        { length: UPDATES_AT_ONCE },
        async () => await ask(dispatcher, url, kind, 'M', { n, random, devices }, tokens),
      ),
    );
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    const after = await read();
    const left = after.dhcp.reservedClients.length;
    const lost = UPDATES_AT_ONCE - failed.length - (after.version - before.version);
    const errors = [
      failed.length > 0 && `${failed.length} of ${UPDATES_AT_ONCE} fail (${firstMessage(failed)})`,
      left !== RESERVATIONS && `${left} reservations instead of ${RESERVATIONS}`,
      lost !== 0 && `${lost} updates lost`,
      !isOfOneUpdate(after) && 'settings of different updates mixed',
    ].filter((error) => error !== false);
    return errors.length === 0 ? undefined : errors.join(', ');
  } finally {
    await dispatcher.destroy();
  }
}

/** What the first of the failed requests was told. */
function firstMessage([{ reason }]) {
  return /"message":"([^"]*)/.exec(reason.message)?.[1] ?? reason.message;
}

/** Every text that an update writes holds the same tag. */
function isOfOneUpdate({ name, notes, wifi, dhcp }) {
  const tag = name.replace('Device ', '');
  const texts = [notes, wifi.ssid, wifi.ssid5G, wifi.password6G, ...dhcp.reservedClients.map(({ id }) => id)];
  return texts.every((text) => text.includes(tag));
}

async function ask(dispatcher, url, kind, name, place, tokens) {
  const operation = OPERATIONS[name];
  const { origin, pathname } = new URL(url);
  const request = requestFor(operation, kind)(place);
  // Pages of a reseller hold other devices than pages of all.
  const as = request.as === undefined ? undefined : 'admin';
  const text = await send(
    { request: (options) => dispatcher.request({ origin, ...options }) },
    pathname,
    { ...request, as },
    tokens,
  );
  const answer = JSON.parse(text);
  const value = answer.data === undefined ? answer : answer.data[operation.root];
  return value?.nodes ?? value;
}

/** The same for all who mean the same. */
function normalised(value) {
  if (Array.isArray(value)) return value.map(normalised);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => key !== 'deviceId' && key !== 'provisioned' && !OWN_AFFAIRS.includes(key))
    .map(([key, child]) => [key, TIMES.includes(key) ? new Date(child).toISOString() : normalised(child)]);
  return Object.fromEntries(entries.sort(([one], [other]) => one.localeCompare(other)));
}
