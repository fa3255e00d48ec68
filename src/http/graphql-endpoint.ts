import type { IncomingHttpHeaders } from 'node:http';
import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { Logger } from 'pino';
import type { GatewayContext, GatewayParts } from '../graphql/context.js';
import type { AnswerKnown } from '../graphql/plans/answer-known.js';
import type { ConcurrencyGate } from '../limits/concurrency-gate.js';
import { readJsonBody } from './body.js';
import type { Admission } from './admission.js';
import type { EndpointHandler, HttpAnswer, HttpRequest } from './endpoint.js';
import { HttpFault } from './fault.js';

/** What the GraphQL endpoint works with. */
export interface GraphqlEndpointParts {
  /** Judges and answers every request. */
  readonly apollo: ApolloServer<GatewayContext>;
  /** Answers those for documents that were judged before. */
  readonly answerKnown: AnswerKnown;
  readonly admission: Admission;
  readonly gateway: GatewayParts;
  readonly log: Logger;
  readonly maxBodyBytes: number;
  readonly gate: ConcurrencyGate;
}

/** Faults of a document: a client that only knows `application/json` gets them with status 200 (GraphQL over HTTP, 6.4.1). */
const DOCUMENT_FAULTS: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'VALUE_NOT_PERMITTED',
  'OPERATION_TOO_LARGE',
]);

/** Answers requests to /graphql, by GET or POST. */
export function graphqlEndpoint(parts: GraphqlEndpointParts): EndpointHandler {
  const { admission, gateway, log, maxBodyBytes, gate } = parts;
  const types = new AnswerTypes();
  return async (request) => {
    const { method, headers, message, requestId } = request;
    const credential = await admission.admit(message, headers.authorization);
    const body = method === 'POST' ? await readJsonBody(message, maxBodyBytes) : undefined;
    const context = { requestId, credential, parts: gateway, log };
    return await gate(async () => {
      const type = types.get(headers.accept);
      if (type !== undefined) {
        const known = await parts.answerKnown(body, context);
        if (known !== undefined) return { status: 200, headers: { 'content-type': type }, body: known };
      }
      const answer = await throughApollo(parts.apollo, request, body, context);
      if (answer.status === 200) types.learn(headers.accept, answer.headers['content-type']);
      return answer;
    });
  };
}

/** What Apollo chose to answer in, by the `accept` header of the request. */
class AnswerTypes {
  readonly #types = new Map<string, string>();

  get(accept = ''): string | undefined {
    return this.#types.get(accept);
  }

  /** Clients send a handful of different headers; the first hundred are enough. */
  learn(accept = '', type: string | undefined): void {
    if (type !== undefined && this.#types.size < 100 && accept.length < 1_000) this.#types.set(accept, type);
  }
}

async function throughApollo(
  apollo: ApolloServer<GatewayContext>,
  { method, headers, search, requestId }: HttpRequest,
  body: unknown,
  context: GatewayContext,
): Promise<HttpAnswer> {
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers: headerMap(headers), search, body },
    context: async () => await Promise.resolve(context),
  });
  if (answer.body.kind === 'chunked') {
    throw new HttpFault(406, 'BAD_REQUEST', 'Incremental delivery is not supported.');
  }
  const status = answer.status ?? 200;
  const complete = { status, headers: Object.fromEntries(answer.headers), body: answer.body.string };
  return status < 400 ? complete : withRequestId(complete, requestId);
}

/** An answer of Apollo, whose body is text. */
interface TextAnswer extends HttpAnswer {
  readonly body: string;
}

/** Faults that Apollo found before there was a context lack the request's id. */
function withRequestId(answer: TextAnswer, requestId: string): HttpAnswer {
  const parsed: unknown = JSON.parse(answer.body);
  if (!isErrorBody(parsed)) return answer;
  const errors = parsed.errors.map(({ extensions, ...error }) => ({
    ...error,
    extensions: { ...extensions, requestId },
  }));
  const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
  const isDocumentFault = answer.status === 400 && DOCUMENT_FAULTS.has(parsed.errors[0]?.extensions['code']);
  return {
    ...answer,
    status: isJson && isDocumentFault ? 200 : answer.status,
    body: JSON.stringify({ ...parsed, errors }),
  };
}

interface ErrorBody {
  readonly errors: readonly { readonly extensions: Readonly<Record<string, unknown>> }[];
}

function isErrorBody(value: unknown): value is ErrorBody {
  return (
    typeof value === 'object' &&
    value !== null &&
    'errors' in value &&
    Array.isArray(value.errors) &&
    value.errors.every(
      (error: unknown) => typeof error === 'object' && error !== null && 'extensions' in error,
    )
  );
}

function headerMap(headers: IncomingHttpHeaders): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}
