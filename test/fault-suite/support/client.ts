import { Agent, request } from 'node:http';
import { z } from 'zod';

const CLIENT_TIMEOUT_MS = 30_000;

/** Connections are kept, as the clients of a gateway keep them. */
const agent = new Agent({ keepAlive: true });

const body = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(z.object({ extensions: z.object({ code: z.string(), retryable: z.boolean() }) }))
    .default([]),
});

/** What came back for one request. */
export interface Reply {
  readonly requestId: string;
  /** `done`, the code of the first error, or `lost: …` when no answer came. */
  readonly outcome: string;
  readonly isRetryable: boolean;
  readonly data: unknown;
  readonly text: string;
  readonly status: number;
  readonly contentType: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** One request of GraphQL. */
export interface Question {
  readonly url: string;
  readonly token?: string;
  readonly requestId: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Asks in GraphQL; a connection that breaks is an outcome, too. */
export async function ask({ url, token, requestId, query, variables }: Question): Promise<Reply> {
  const answer = await send(url, 'POST', JSON.stringify({ query, variables }), {
    'content-type': 'application/json',
    'x-request-id': requestId,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  });
  if (answer.status === 0)
    return { ...answer, requestId, outcome: `lost: ${answer.text}`, isRetryable: false, data: null };
  const { data, errors } = body.parse(JSON.parse(answer.text));
  const [first] = errors;
  return {
    ...answer,
    requestId,
    data,
    outcome: first?.extensions.code ?? 'done',
    isRetryable: first?.extensions.retryable ?? false,
  };
}

/** How long each took, in milliseconds. */
export function took(replies: readonly Reply[]): readonly number[] {
  return replies.map(({ startedAt, endedAt }) => endedAt - startedAt);
}

type Answer = Pick<Reply, 'status' | 'text' | 'contentType' | 'startedAt' | 'endedAt'>;

/** Sends a request over HTTP; status 0 and the fault as text when no answer came. */
export async function send(
  url: string,
  method: 'GET' | 'POST',
  content: string | Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const startedAt = performance.now();
  return await new Promise((resolve) => {
    const end = (status: number, text: string, contentType = ''): void =>
      resolve({ status, text, contentType, startedAt, endedAt: performance.now() });
    const lost = (error: Error): void => end(0, 'code' in error ? String(error.code) : error.message);
    const asking = request(url, { method, headers, agent, timeout: CLIENT_TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', lost);
      response.on('end', () =>
        end(
          response.statusCode ?? 0,
          Buffer.concat(chunks).toString('utf8'),
          response.headers['content-type'] ?? '',
        ),
      );
    });
    asking.on('error', lost);
    asking.on('timeout', () => asking.destroy(new Error('no answer in time')));
    asking.end(content);
  });
}
