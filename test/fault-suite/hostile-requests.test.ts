import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { type Strike, strike } from './support/attack.js';
import { median, row } from './support/figures.js';
import { fillDevices } from './support/full-devices.js';
import { type HostileRow, hostileRows } from './support/hostile-rows.js';
import { startOthers } from './support/others.js';
import type { HostileStep } from './support/hostile-steps.js';
import { type Rig, startRig } from './support/rig.js';
import { byEveryTransport } from './support/transports.js';

/** Sends of one request, whose median counts. */
const ROUNDS = 5;

/** A refusal repeats a little of what it refuses, not all. */
const MAX_REFUSAL = 200_000;

const WEB_SOCKET = 'WebSocket';
/** Transports that run subscriptions. */
const STREAMS: ReadonlySet<string> = new Set([WEB_SOCKET, 'server-sent events']);

const subscribes = ({ operation }: HostileRow): boolean => operation.query.startsWith('subscription');

/** A WebSocket runs nothing but subscriptions, and those of strangers neither. */
function codeOnWebSocket(found: HostileRow): string {
  if (found.level === undefined) return 'UNAUTHENTICATED';
  return subscribes(found) ? found.code : 'BAD_REQUEST';
}

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(1);
  await fillDevices(rig, [deviceId()]);
});
afterAll(async () => {
  await rig.close();
});
const deviceId = (): string => rig.devices[0]?.id ?? '';

describe.each([
  ['open', hostileRows('')],
  ['closed', hostileRows('').filter(({ isAboutTexts }) => isAboutTexts)],
] as const)('requests that are made to cost, introspection %s', (introspection, rows) => {
  let gateway: ServerProcess;
  beforeAll(async () => {
    const env = { DATABASE_URL: rig.databaseUrl(), INTROSPECTION: String(introspection === 'open') };
    gateway = await rig.startGateway(env);
  });
  const send = async (step: HostileStep): Promise<Strike> =>
    await strike(gateway.url, gateway.child.pid ?? NaN, step);

  it.each(rows.map(({ name }) => ({ name })))(
    '$name: refused by every transport, for little',
    async ({ name }) => {
      const found = hostileRows(deviceId()).find((one) => one.name === name);
      if (found === undefined) throw new Error('There is no such row.');
      const authorization = found.level && `Bearer ${await rig.token(found.level)}`;
      const others = startOthers(gateway.url);
      const figures: Record<string, number> = {};
      // Known documents are answered in another way than new ones.
      const { operation } = found;
      const variables = found.soundVariables ?? operation.variables;
      const isSubscription = subscribes(found);
      const [[, sound]] = byEveryTransport({ ...operation, variables }, authorization);
      if (!isSubscription) await send(sound);
      const ways = byEveryTransport(operation, authorization);
      for (const [transport, step] of ways.filter(([name]) => !isSubscription || STREAMS.has(name))) {
        const strikes: Strike[] = [];
        while (strikes.length < ROUNDS) strikes.push(await send(step));
        expect(strikes.flatMap(({ fault }) => fault ?? [])).toEqual([]);
        const codes = strikes.map(({ text }) => /"code":"(\w+)"/.exec(text)?.[1] ?? 'done');
        const code = transport === WEB_SOCKET ? codeOnWebSocket(found) : found.code;
        expect(codes, transport).toEqual(strikes.map(() => code));
        expect(Math.max(...strikes.map(({ text }) => text.length))).toBeLessThan(MAX_REFUSAL);
        figures[transport] = median(strikes.map(({ cpuMs }) => cpuMs));
      }
      const slowest = await others.stop();
      row(`hostile request, CPU ms: ${name}`, { ...figures, 'slowest answer to others, ms': slowest });
      expect(Math.max(...Object.values(figures))).toBeLessThanOrEqual(found.boundMs);
    },
    300_000,
  );
});
