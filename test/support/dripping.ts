import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a client sends at once, and what it drips from then on. */
const DRIPS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['POST /graphql HTTP/1.1\r\nHost: x\r\n', 'X-Drip: x\r\n'],
  [
    'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    ' ',
  ],
  ['POST /network/device/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\n \r\n'],
];

/**
 * Opens connections that never get to the end of a request.
 * @returns how many of them the server has not closed after this time
 */
export async function dripFor(url: string, count: number, withinMs: number): Promise<number> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  const closed = Array.from({ length: count }, async (_, index) => {
    const [head, drip] = DRIPS[index % DRIPS.length] ?? ['', ''];
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    const close = once(socket, 'close');
    if (head !== '') socket.write(head);
    const dripping = setInterval(() => {
      if (drip !== '' && socket.writable) socket.write(drip);
    }, 500);
    await close;
    clearInterval(dripping);
  });
  const isLate = once(AbortSignal.timeout(withinMs), 'abort').then(
    () => sockets.filter(({ closed: isClosed }) => !isClosed).length,
  );
  const open = await Promise.race([Promise.all(closed).then(() => 0), isLate]);
  for (const socket of sockets) socket.destroy();
  return open;
}
