import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { start } from '../support/processes.js';

/** The devices that the portal's own service lists, as in the demo fleet. */
const ROUTER = '12345678901234567890abcd';
const BACK_OFFICE = '650000000000000000000002';

describe('examples/portal is a portal of two services, started by one command', () => {
  let gateway: TestGateway;
  let counter: Server;
  let portal: ReturnType<typeof start>;
  let portalUrl: string;
  /** The bodies of the requests that the portal sent to the gateway. */
  const requests: string[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    const customer = await createCustomer(gateway);
    await createDevice(gateway, { customer, id: ROUTER, name: 'Router' });
    await createDevice(gateway, {
      customer,
      id: BACK_OFFICE,
      name: 'Back office',
      wifi: { ssid: 'Flour' },
      status: { networkType: '8' },
    });
    counter = createServer((request, response) => void passOn(request, response));
    counter.listen(0, '127.0.0.1');
    await once(counter, 'listening');
    portal = start(['examples/portal/portal.mjs'], {
      GATEWAY_URL: urlOf(counter),
      GATEWAY_TOKEN: await gateway.token('MANAGER', customer),
      PORT: '0',
    });
    portalUrl = await printedUrl();
  });
  afterAll(async () => {
    await portal.end('SIGTERM');
    counter.close();
    await gateway.stop();
  });

  /** Notes a request and lets the gateway answer it. */
  async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    requests.push(body);
    const { authorization = '' } = request.headers;
    const answer = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }

  async function printedUrl(): Promise<string> {
    for (;;) {
      const url = /^Portal: (\S+)\n$/.exec(portal.output.stdout)?.[1];
      if (url !== undefined) return url;
      if (portal.child.exitCode !== null || portal.child.signalCode !== null)
        throw new Error(`The portal ended: ${portal.output.stderr}`);
      await delay(20);
    }
  }

  it('one request to the gateway answers for all devices of its customer', async () => {
    requests.length = 0;
    const response = await fetch(portalUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: '{ customer { devices { name wifi { ssid } status { networkType } } } }',
      }),
    });
    expect(await response.json()).toEqual({
      data: {
        customer: {
          devices: [
            { name: 'Router', wifi: { ssid: 'SkyNet' }, status: { networkType: 'NR' } },
            { name: 'Back office', wifi: { ssid: 'Flour' }, status: { networkType: 'LTE' } },
            // The portal lists a third one, which this gateway does not have.
            { name: null, wifi: null, status: null },
          ],
        },
      },
    });
    expect(requests).toHaveLength(1);
    expect(portal.output.stderr).toBe('');
  });

  it('says what it lacks', async () => {
    const outcome = await start(['examples/portal/portal.mjs'], {}).ended;
    expect(outcome).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Set GATEWAY_TOKEN to an access token of the gateway.\n',
    });
  });
});

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen.');
  return `http://127.0.0.1:${address.port}/`;
}
