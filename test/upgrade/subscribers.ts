import { createClient } from 'graphql-ws';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';

const WATCH = 'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id version } }';

const event = z.object({ networkDeviceChanged: z.object({ id: z.string(), version: z.number() }) });
const gatewayErrors = z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) }));

/** Pause before a client subscribes anew, and before it reads what it watches: its subscription has begun by then. */
const PAUSE_MS = 200;

/** Clients that watch devices over WebSockets. After any end they subscribe and then read anew, as docs/live-changes.md says. */
export interface Subscribers {
  /** The newest version that each knows of a device. */
  readonly known: readonly ReadonlyMap<string, number>[];
  readonly subscriptions: () => number;
  /** Events that told an older version than one before, in one subscription. */
  readonly outOfOrder: () => number;
  /** Codes and messages of the errors that ended subscriptions. */
  readonly ends: readonly string[];
  readonly stop: () => Promise<void>;
}

/** What they need. */
interface SubscriberParts {
  readonly token: () => Promise<string>;
  readonly ids: readonly string[];
  /** Where the gateways are at the moment, in turn. */
  readonly instances: readonly string[];
  /** The versions of the devices now, as a client reads them. */
  readonly read: () => Promise<ReadonlyMap<string, number>>;
}

export function startSubscribers(
  count: number,
  { token, ids, instances, read }: SubscriberParts,
): Subscribers {
  let connections = 0;
  let subscriptions = 0;
  let outOfOrder = 0;
  const stopping = new AbortController();
  const ends: string[] = [];
  const stops: (() => Promise<void>)[] = [];
  const known = Array.from({ length: count }, () => new Map<string, number>());
  const running = known.map(async (versions, place) => {
    const client = createClient({
      webSocketImpl: WebSocket,
      url: () => (instances[(place + connections) % instances.length] ?? '').replace('http', 'ws'),
      connectionParams: async () => ({ authorization: `Bearer ${await token()}` }),
      // Each connection is one subscription.
      retryAttempts: 0,
    });
    const learn = (id: string, version: number): void => {
      versions.set(id, Math.max(version, versions.get(id) ?? 0));
    };
    const watch = async (): Promise<void> => {
      connections += 1;
      const told = new Map<string, number>();
      const events = client.iterate({ query: WATCH, variables: { ids: [...ids] } });
      stops.push(async () => {
        await events.return?.();
      });
      const reading = delay(PAUSE_MS).then(async () =>
        (await read()).forEach((version, id) => learn(id, version)),
      );
      subscriptions += 1;
      for await (const { data } of events) {
        const { id, version } = event.parse(data).networkDeviceChanged;
        if (version < (told.get(id) ?? 0)) outOfOrder += 1;
        told.set(id, version);
        learn(id, version);
      }
      await reading;
    };
    while (!stopping.signal.aborted) {
      await watch().catch((error: unknown) => {
        const errors = gatewayErrors.safeParse(error);
        const told = (errors.data ?? []).map(({ message, extensions: { code } }) => `${code}: ${message}`);
        ends.push(...(errors.success ? told : ['closed']));
      });
      await delay(PAUSE_MS);
    }
    await client.dispose();
  });
  return {
    known,
    subscriptions: () => subscriptions,
    outOfOrder: () => outOfOrder,
    ends,
    stop: async () => {
      stopping.abort();
      await Promise.all(stops.map(async (stop) => await stop().catch(() => undefined)));
      await Promise.all(running);
    },
  };
}
