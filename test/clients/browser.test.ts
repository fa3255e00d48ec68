import { fileURLToPath } from 'node:url';
import { createServer, type Server } from 'node:http';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBrowserMissing, openPage, startBrowser } from '../browser/browser.js';
import { portOf } from './port.js';
import { startWorld, type World } from './world.js';

const APPLICATION = `
import { gql } from '@apollo/client';
import { createApolloClient } from './client.js';
import { SseLink } from './sse-link.js';
globalThis.run = async (options, id) => {
  const client = createApolloClient(options);
  const query = gql\`query Name($id: ID!) { networkDevice(id: $id) { id name } }\`;
  const { data } = await client.query({ query, variables: { id } });
  return data.networkDevice.name;
};
globalThis.watch = async (options, id, byEvents) => {
  const client = createApolloClient(options, ...(byEvents ? [new SseLink(options)] : []));
  const query = gql\`subscription Watch($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id name } }\`;
  return await new Promise((resolve, reject) => {
    client.subscribe({ query, variables: { ids: [id] } })
      .subscribe({ next: ({ data }) => resolve(data.networkDeviceChanged.name), error: reject });
  });
};`;

/** A page of another origin than the gateway's, with an application on it. */
async function startPage(script: string): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/app.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><link rel="icon" href="data:,"><script src="/app.js"></script>',
    );
  });
  server.listen(0, '127.0.0.1');
  return { server, origin: `http://localhost:${await portOf(server)}` };
}

describe.skipIf(isBrowserMissing)('Apollo Client in Chromium', () => {
  let world: World;
  let browser: Browser;
  let page: Awaited<ReturnType<typeof startPage>>;
  beforeAll(async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: APPLICATION,
        resolveDir: fileURLToPath(new URL('./examples/apollo', import.meta.url)),
      },
      bundle: true,
      write: false,
      format: 'iife',
      define: { 'globalThis.__DEV__': 'true' },
    });
    page = await startPage(outputFiles[0]?.text ?? '');
    world = await startWorld({ CORS_ORIGINS: page.origin });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await world.gateway.stop();
    page.server.close();
  });

  it('says which application it is from a page of another origin, and may', async () => {
    const { page: tab, complaints } = await openPage(browser);
    const asked = new Promise<Readonly<Record<string, string>>>((resolve) => {
      tab.on('request', (request) => {
        if (request.url() === world.url && request.method() === 'POST') resolve(request.headers());
      });
    });
    await tab.goto(page.origin);
    const options = JSON.stringify({ url: world.url, token: world.token });
    expect(await tab.evaluate(`run(${options}, '${world.kitchen.id}')`)).toBe('Kitchen');
    expect(await asked).toMatchObject({
      'apollographql-client-name': 'portal',
      'apollographql-client-version': '1.2.3',
    });
    expect(complaints).toEqual([]);
  });

  it('hears of changes over WebSocket, and by server-sent events', async () => {
    const { page: tab, complaints } = await openPage(browser);
    await tab.goto(page.origin);
    const options = JSON.stringify({ url: world.url, token: world.token });
    for (const byEvents of [false, true]) {
      const name = `By events: ${String(byEvents)}`;
      const told = tab.evaluate(`watch(${options}, '${world.office.id}', ${String(byEvents)})`);
      await world.renameWhenWatched(world.office, name);
      expect(await told).toBe(name);
    }
    expect(complaints).toEqual([]);
  });
});
