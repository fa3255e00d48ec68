import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { httpDriver } from '../../../src/provisioning/http-driver.js';

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

it('an answer that never ends is taken for what it is after 10 seconds, and its connection closed', async () => {
  const closed: Promise<unknown>[] = [];
  const server = createServer((_, response) => {
    response.writeHead(422);
    const drip = setInterval(() => response.write(' '), 100);
    closed.push(once(response, 'close').finally(() => clearInterval(drip)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The endpoint has no port.');
  const send = httpDriver(`http://127.0.0.1:${address.port}/devices`, 'southbound secret');
  expect(await send(ORDER, new AbortController().signal)).toEqual({
    kind: 'refused',
    reason: 'The device refused the settings (HTTP 422).',
  });
  await Promise.all(closed);
  expect(closed).toHaveLength(1);
  server.close();
});
