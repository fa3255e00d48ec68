// One change to many subscribed sockets. The warm-up opens the sockets, the run makes changes one after the other and
// waits until every socket has each of them.
import { createClient } from 'graphql-ws';
import { Pool } from 'undici';
import WebSocket from 'ws';
import { OPERATIONS } from './operations.mjs';
import { randomSource } from './random.mjs';
import { authorization, send } from './send.mjs';
import { summary } from './summary.mjs';

const SOCKETS = 1_000;
const PATIENCE_MS = 20_000;
const DEVICE = 2;

let clients = [];
let onChange = () => undefined;

async function openSockets(url, tokens) {
  const { as, ...subscription } = OPERATIONS.fanOut.subscription({ n: DEVICE });
  clients = Array.from({ length: SOCKETS }, (_, index) => {
    const connectionParams = { authorization: authorization(tokens, as) };
    const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 });
    client.subscribe(subscription, {
      next: ({ data, errors }) => onChange(index, data?.networkDeviceChanged?.name, errors),
      error: (error) => onChange(index, undefined, error),
      complete: () => undefined,
    });
    return client;
  });
}

/** Changes the device. @returns milliseconds until each socket that was told within `patienceMs` knew */
async function change(pool, base, random, tokens, patienceMs) {
  const request = OPERATIONS.fanOut.ours({ n: DEVICE, random });
  const { name } = request.body.variables;
  const latencies = new Map();
  const start = performance.now();
  await new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, patienceMs);
    onChange = (index, told, errors) => {
      if (errors !== undefined) reject(new Error(`A subscription failed: ${JSON.stringify(errors)}`));
      if (told !== name || latencies.has(index)) return;
      latencies.set(index, performance.now() - start);
      if (latencies.size < SOCKETS) return;
      clearTimeout(timer);
      resolve();
    };
    send(pool, base, request, tokens).catch(reject);
  });
  return [...latencies.values()];
}

/** @param job as of the load generator; with `isWarmUp` the sockets are opened and stay open for the next run */
export async function runFanOut({ urls: [url], seed, seconds, isWarmUp }, tokens) {
  const pool = new Pool(new URL(url).origin, { connections: 1 });
  const base = new URL(url).pathname;
  const random = randomSource(seed);
  const startedAt = performance.now();
  const latencies = [];
  try {
    if (isWarmUp) {
      await openSockets(url.replace('http', 'ws'), tokens);
      // Nothing says when a subscription has begun but that it tells of a change.
      while ((await change(pool, base, random, tokens, 1_000)).length < SOCKETS) {
        if (performance.now() - startedAt > PATIENCE_MS)
          throw new Error('Not every socket is told of changes.');
      }
      return summary([], 0);
    }
    while (performance.now() - startedAt < seconds * 1_000) {
      const told = await change(pool, base, random, tokens, PATIENCE_MS);
      if (told.length < SOCKETS)
        throw new Error(`Only ${told.length} of ${SOCKETS} sockets were told of a change.`);
      latencies.push(...told);
    }
    return summary(latencies, performance.now() - startedAt);
  } finally {
    await pool.destroy();
    if (!isWarmUp) await Promise.all(clients.splice(0).map((client) => client.dispose()));
  }
}
