import { gzipSync } from 'node:zlib';
import type { HostileOperation } from './hostile-documents.js';
import type { HostileRequest, HostileStep } from './hostile-steps.js';

/** Node takes 16 kB of headers, the path included. */
const MAX_PATH = 14_000;

type Transport = readonly [name: string, step: HostileStep];

/** The same operation in each way that there is to send it. @param authorization `Bearer …`; undefined for a stranger */
export function byEveryTransport(
  operation: HostileOperation,
  authorization: string | undefined,
): readonly [Transport, ...Transport[]] {
  const headers = {
    'content-type': 'application/json',
    ...(authorization !== undefined && { authorization }),
  };
  const body = JSON.stringify(operation);
  const search = new URLSearchParams({
    query: operation.query,
    variables: JSON.stringify(operation.variables),
  });
  const path = `/graphql?${search.toString()}`;
  const preflighted = { ...headers, 'apollo-require-preflight': 'yes' };
  const message = JSON.stringify({ id: '1', type: 'subscribe', payload: operation });
  return [
    ['POST', post(headers, body)],
    ['gzip', post({ ...headers, 'content-encoding': 'gzip' }, gzipSync(body))],
    ['server-sent events', post({ ...headers, accept: 'text/event-stream' }, body)],
    ...(path.length <= MAX_PATH
      ? [['GET', { via: 'http', method: 'GET', path, headers: preflighted, body: '' }] as const]
      : []),
    [
      'WebSocket',
      {
        via: 'websocket',
        connectionParams: { authorization },
        frames: [{ kind: 'text', data: message, isLast: true }],
        isRead: true,
      },
    ],
  ];
}

function post(headers: HostileRequest['headers'], body: string | Buffer): HostileRequest {
  return { via: 'http', method: 'POST', path: '/graphql', headers, body };
}
