import type { IncomingMessage } from 'node:http';

/** The IP address that a request comes from; one of IPv4 is written as such, whatever the socket listens on. */
export function clientAddress({ socket }: IncomingMessage): string {
  return socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
}
