// Counts the statements that a server sends to PostgreSQL: a proxy reads the frontend's messages as they pass.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const QUERY = 'Q'.charCodeAt(0);
const EXECUTE = 'E'.charCodeAt(0);
const HEADER_BYTES = 5;

/** @returns the URL of the database through the proxy, `count()` of statements so far, and `stop` */
export async function startStatementCounter(databaseUrl) {
  const target = new URL(databaseUrl);
  const sockets = new Set();
  let statements = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const countIn = messageReader((type) => {
      if (type === QUERY || type === EXECUTE) statements += 1;
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ]) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    client.on('data', countIn);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(server.address().port);
  // What is encrypted cannot be counted.
  url.searchParams.set('sslmode', 'disable');
  return {
    url: url.href,
    count: () => statements,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Calls `onMessage` with the type of each message; the first one of a connection has none. */
function messageReader(onMessage) {
  let rest = Buffer.alloc(0);
  let isStarted = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const lengthAt = isStarted ? 1 : 0;
      if (rest.length < HEADER_BYTES) return;
      const length = lengthAt + rest.readUInt32BE(lengthAt);
      if (rest.length < length) return;
      if (isStarted) onMessage(rest[0]);
      isStarted = true;
      rest = rest.subarray(length);
    }
  };
}
