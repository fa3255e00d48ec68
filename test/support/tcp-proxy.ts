import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of the bytes that a client sends. */
type Verdict = 'pass' | 'cut-before' | 'cut-after' | 'keep-answer';

/** A TCP proxy that breaks connections at a chosen moment. */
export interface TcpProxy {
  readonly port: number;
  /** Where new connections go; it moves with a server that comes back on another port. */
  targetPort: number;
  /**
   * Judges every chunk that a client sends; `cut-after` lets the server get it and drops its answer, `keep-answer` drops it
   * too and leaves the client waiting.
   */
  judge: (chunk: Buffer) => Verdict;
  /** Called when the server has answered what was judged `keep-answer`. */
  onAnswerKept: () => void;
  /** Keeps every connection and lets nothing through, as a network that has gone silent, until `resume`. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Ends all connections and takes no more. */
  readonly close: () => Promise<void>;
  /** Takes connections again, on the same port. */
  readonly open: () => Promise<void>;
}

/** Starts a proxy in front of a server on this machine. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isPaused = false;
  const server = createServer((client) => {
    const target = connect(proxy.targetPort, '127.0.0.1');
    let isCut = false;
    let isKept = false;
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        if (!isCut) target.destroy();
      });
    }
    client.on('data', (chunk) => {
      const verdict = proxy.judge(chunk);
      if (verdict !== 'cut-before') target.write(chunk);
      if (verdict === 'pass') return;
      if (verdict === 'keep-answer') {
        isKept = true;
        target.once('data', () => proxy.onAnswerKept());
        return;
      }
      isCut = verdict === 'cut-after';
      // The server works on what it got; when it answers, nobody is there any more.
      target.once('data', () => target.destroy());
      client.destroy();
    });
    target.on('data', (chunk) => {
      if (!client.destroyed && !isKept) client.write(chunk);
    });
    if (isPaused) for (const socket of [client, target]) socket.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = addressOf(server.address());
  const proxy: TcpProxy = {
    port,
    targetPort,
    judge: () => 'pass',
    onAnswerKept: () => undefined,
    pause: () => {
      isPaused = true;
      for (const socket of sockets) socket.pause();
    },
    resume: () => {
      isPaused = false;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    open: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
  return proxy;
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string')
    throw new Error('The proxy does not listen on a port.');
  return address;
}
