import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpDriver } from '../../src/provisioning/http-driver.js';

const ORDER = {
  jobId: '0'.repeat(24),
  attempt: 1,
  deviceId: 'a'.repeat(24),
  version: 2,
  macAddress: '123456789012',
  serialNumber: null,
  model: 'b'.repeat(24),
  wifi: null,
  dhcp: null,
};

describe('an order to an endpoint over HTTP', () => {
  let server: Server;
  let port: number;
  let answer: RequestListener;
  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The endpoint has no port.');
    ({ port } = address);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const driver = (userInfo = '') =>
    httpDriver(`http://${userInfo}127.0.0.1:${port}/devices?a=b`, 'southbound secret');
  const never = new AbortController().signal;

  it('goes to the path and query of its URL, with the credentials in it', async () => {
    const seen: unknown[] = [];
    answer = ({ method, url, headers }, response) => {
      seen.push([method, url, headers.authorization, headers['content-type'], headers['content-length']]);
      response.writeHead(204).end();
    };
    await driver()(ORDER, never);
    await driver('south:b%3Aound@')(ORDER, never);
    const length = String(JSON.stringify(ORDER).length);
    const credentials = `Basic ${Buffer.from('south:b:ound').toString('base64')}`;
    expect(seen).toEqual([
      ['POST', '/devices?a=b', undefined, 'application/json', length],
      ['POST', '/devices?a=b', credentials, 'application/json', length],
    ]);
  });

  it('goes over the connection of the one before', async () => {
    const sockets = new Set<Socket>();
    answer = ({ socket }, response) => {
      sockets.add(socket);
      response.end('{}');
    };
    const send = driver();
    for (let order = 0; order < 3; order += 1) expect(await send(ORDER, never)).toEqual({ kind: 'applied' });
    expect(sockets.size).toBe(1);
  });

  it('is not answered by what comes before the answer', async () => {
    answer = (_, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      setTimeout(() => response.writeHead(422).end('{"error":"No."}'), 20);
    };
    expect(await driver()(ORDER, never)).toEqual({ kind: 'refused', reason: 'No.' });
  });

  it('fails when nothing comes behind that', async () => {
    answer = ({ socket }, response) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      setTimeout(() => socket.destroy(), 20);
    };
    const reason = 'The provisioning endpoint cannot be reached (ECONNRESET).';
    expect(await driver()(ORDER, never)).toEqual({ kind: 'failed', reason });
  });

  it('is decided by the status, also when the answer breaks off behind it', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => setTimeout(() => response.destroy(), 20));
    };
    expect(await driver()(ORDER, never)).toEqual({ kind: 'applied' });
  });

  it('whose answer never ends is decided after 10 seconds, and its connection closed', async () => {
    const closed: Promise<unknown>[] = [];
    answer = (_, response) => {
      response.writeHead(422);
      const drip = setInterval(() => response.write(' '), 100);
      closed.push(once(response, 'close').finally(() => clearInterval(drip)));
    };
    expect(await driver()(ORDER, never)).toEqual({
      kind: 'refused',
      reason: 'The device refused the settings (HTTP 422).',
    });
    await Promise.all(closed);
    expect(closed).toHaveLength(1);
  });

  it.each([
    ['is refused', () => void server.close(), 'ECONNREFUSED'],
    ['is closed', () => void (answer = ({ socket }) => socket.destroy()), 'ECONNRESET'],
  ])('fails with the reason when its connection %s', async (_, breakIt, code) => {
    breakIt();
    const reason = `The provisioning endpoint cannot be reached (${code}).`;
    expect(await driver()(ORDER, never)).toEqual({ kind: 'failed', reason });
  });

  it('that is given up has no outcome, and leaves no connection', async () => {
    const attempt = new AbortController();
    const closed = new Promise<void>((resolve) => {
      answer = ({ socket }) => {
        socket.once('close', () => resolve());
        attempt.abort();
      };
    });
    await expect(driver()(ORDER, attempt.signal)).rejects.toThrow('aborted');
    await closed;
  });
});
