import { type ClientOptions, createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { connectEvents } from './examples/live-changes/events.js';
import { connectSocket } from './examples/live-changes/websocket.js';
import { startWorld, type World } from './world.js';

const WATCH = 'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id name } }';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.gateway.stop();
});

/** What is told next. */
async function nextName(events: AsyncIterator<unknown>): Promise<string | undefined> {
  const result = z
    .object({ value: z.object({ data: z.object({ networkDeviceChanged: z.object({ name: z.string() }) }) }) })
    .parse(await events.next());
  return result.value.data.networkDeviceChanged.name;
}

const request = () => ({ query: WATCH, variables: { ids: [world.office.id] } });

describe('graphql-ws', () => {
  it('hears of changes, and is told to read anew when it is connected', async () => {
    let reads = 0;
    const client = connectSocket(
      world.url,
      () => world.token,
      () => (reads += 1),
    );
    const events = client.iterate(request());
    const name = nextName(events);
    await world.renameWhenWatched(world.office, 'Study');
    expect(await name).toBe('Study');
    expect(reads).toBe(1);
    await client.dispose();
  });

  it('finds another instance when its own stops', async () => {
    const twin = await world.gateway.startTwin();
    let url = twin.url;
    let reads = 0;
    const client = createClient({
      url: () => url.replace('http', 'ws'),
      connectionParams: { authorization: `Bearer ${world.token}` },
      retryWait: async () => await Promise.resolve(),
      shouldRetry: () => true,
      on: { connected: () => (reads += 1) },
    });
    const events = client.iterate(request());
    const name = nextName(events);
    await expect.poll(() => twin.logLines.join('')).toContain('subscription started');
    url = world.url;
    const changed = world.renameWhenWatched(world.office, 'Moved');
    await twin.stop();
    await changed;
    expect(await name).toBe('Moved');
    expect(reads).toBe(2);
    await client.dispose();
  });

  it('sends its token among the connection parameters, in their headers, or with the upgrade request', async () => {
    const authorization = `Bearer ${world.token}`;
    class WithHeader extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers: { authorization } });
      }
    }
    const places: readonly Partial<ClientOptions>[] = [
      { connectionParams: { authorization } },
      { connectionParams: { headers: { Authorization: authorization } } },
      { webSocketImpl: WithHeader },
    ];
    for (const place of places) {
      const client = createClient({ url: world.url.replace('http', 'ws'), ...place });
      const name = nextName(client.iterate(request()));
      await world.renameWhenWatched(world.office, 'Library');
      expect(await name).toBe('Library');
      await client.dispose();
    }
  });

  it('is told why a subscription ends', async () => {
    const client = connectSocket(
      world.url,
      () => 'x.y.z',
      () => undefined,
    );
    await expect(client.iterate(request()).next()).rejects.toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    await client.dispose();
  });
});

describe('graphql-sse', () => {
  it('hears of changes, and is told to read anew when it is connected', async () => {
    let reads = 0;
    const client = connectEvents(
      world.url,
      () => world.token,
      () => (reads += 1),
    );
    const events = client.iterate(request());
    const name = nextName(events);
    await world.renameWhenWatched(world.office, 'Study');
    expect(await name).toBe('Study');
    expect(reads).toBe(1);
    client.dispose();
  });

  it('is told why a subscription ends, and that it is complete', async () => {
    const client = connectEvents(
      world.url,
      () => 'x.y.z',
      () => undefined,
    );
    const events = client.iterate(request());
    expect((await events.next()).value).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
    expect((await events.next()).done).toBe(true);
    client.dispose();
  });

  it('comes again when its instance stops', async () => {
    const twin = await world.gateway.startTwin();
    let connections = 0;
    const client = connectEvents(
      twin.url,
      () => world.token,
      () => (connections += 1),
    );
    const ended = client.iterate(request()).next();
    await expect.poll(() => twin.logLines.join('')).toContain('subscription started');
    await twin.stop();
    // It is not told that the subscription is complete, so it goes on waiting for the next connection.
    expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 300, 'waiting'))])).toBe(
      'waiting',
    );
    expect(connections).toBe(1);
    client.dispose();
    await ended.catch(() => undefined);
  });

  it('runs queries, too', async () => {
    const client = connectEvents(
      world.url,
      () => world.token,
      () => undefined,
    );
    const events = client.iterate({ query: '{ viewer { accessLevel } }' });
    expect((await events.next()).value).toEqual({ data: { viewer: { accessLevel: 'MANAGER' } } });
    expect((await events.next()).done).toBe(true);
    client.dispose();
  });
});
