import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { clientAddress } from '../../src/http/client-address.js';

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8::ffff:7', '2001:db8::ffff:7'],
  ['::1', '::1'],
  [undefined, ''],
])('the address of a client whose socket says %s is "%s"', (remoteAddress, expected) => {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress });
  expect(clientAddress(new IncomingMessage(socket))).toBe(expected);
});
