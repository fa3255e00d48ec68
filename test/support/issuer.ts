import { once } from 'node:events';
import { createServer } from 'node:http';

/** What an issuer of a test answers; `away` breaks the connection, `silent` never answers. */
export type IssuerReply =
  | { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | 'away'
  | 'silent';

/** An issuer of a test: an HTTP server on this machine. */
export interface TestIssuer {
  /** Without a path. */
  readonly url: string;
  /** Every request so far. */
  readonly asked: URL[];
  readonly stop: () => Promise<void>;
}

/** Starts an issuer that answers every request as it is told. */
export async function startIssuer(
  answer: (url: URL) => IssuerReply | Promise<IssuerReply>,
): Promise<TestIssuer> {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://issuer');
    asked.push(url);
    void (async () => {
      const reply = await answer(url);
      if (reply === 'silent') return;
      if (reply === 'away') response.destroy();
      else response.writeHead(reply.status, reply.headers).end(reply.body);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The issuer has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A reply of JSON. */
export function jsonReply(body: unknown, status = 200): IssuerReply {
  return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
}
