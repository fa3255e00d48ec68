import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A balancer before instances of the gateway, as simple as they come. */
export interface Balancer {
  readonly url: string;
  /** Where the instances are, in turn; it may change at any time. */
  readonly instances: string[];
  readonly close: () => Promise<void>;
}

/**
 * Starts a balancer that keeps its connections, lets go of those that say `Connection: close`, and takes a request
 * elsewhere when an instance refuses the connection. It looks at nothing else: not at readiness, and it repeats nothing
 * that may have been received.
 */
export async function startBalancer(): Promise<Balancer> {
  const instances: string[] = [];
  const agent = new Agent({ keepAlive: true });
  let turn = 0;
  const forward = (
    message: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
    [instance, ...others]: readonly string[],
  ): void => {
    const target = new URL(message.url ?? '/', instance);
    const { connection: _hop, ...headers } = message.headers;
    const asking = request(target, { method: message.method, headers, agent }, (answer) => {
      const { connection: _hopBack, ...answerHeaders } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, answerHeaders);
      answer.pipe(response);
    });
    asking.on('error', (error) => {
      const isRefused = 'code' in error && error.code === 'ECONNREFUSED';
      if (isRefused && others.length > 0) forward(message, body, response, others);
      else response.destroy(error);
    });
    asking.end(body);
  };
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      turn = (turn + 1) % instances.length;
      const inTurn = [...instances.slice(turn), ...instances.slice(0, turn)];
      forward(message, Buffer.concat(chunks), response, inTurn);
    });
  });
  // The clients of this test are not what is tested.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The balancer has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/graphql`,
    instances,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}
