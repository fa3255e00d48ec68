import type { IncomingHttpHeaders } from 'node:http';
import { type ApolloServer, HeaderMap } from '@apollo/server';
import type { Logger } from 'pino';
import { withDocsLink } from '../../errors/docs-link.js';
import { oversizedAnswer } from '../../graphql/request/answer-meter.js';
import { acceptsEvents, type AnswerType, answerTypeFor } from '../../graphql/request/answer-type.js';
import type { GatewayContext, GatewayParts } from '../../graphql/request/context.js';
import type { ExecuteCached } from '../../graphql/execution/execute-cached.js';
import type { RefuseRequest } from '../../graphql/execution/refuse-request.js';
import { toGraphQLError } from '../../graphql/errors/resolver-errors.js';
import { requestParts } from '../../graphql/request/request-parts.js';
import { subscriptionIn } from '../../graphql/subscriptions/http-request.js';
import {
  documentParametersIn,
  type HttpParameters,
  withDocument,
} from '../../graphql/trusted/http-parameters.js';
import type { RequestedDocuments } from '../../graphql/trusted/requested-document.js';
import type { ConcurrencyGate } from '../../limits/concurrency-gate.js';
import { Semaphore } from '../../timing/semaphore.js';
import { readJsonBody } from '../core/body.js';
import type { Admission } from './admission.js';
import type { EndpointHandler, HttpAnswer, HttpRequest } from '../core/endpoint.js';
import { COMPLETE_EVENT, EVENT_STREAM_HEADERS, nextEvent } from './event-stream.js';
import type { EventStreams } from './event-streams.js';
import { HttpError } from '../core/http-error.js';
import { assertNotForged } from '../core/forgery.js';

/** What the GraphQL endpoint works with. */
export interface GraphqlEndpointParts {
  /** Validates, executes and answers every request. */
  readonly apollo: ApolloServer<GatewayContext>;
  /** Answers requests for known documents. */
  readonly executeCached: ExecuteCached;
  /** Says which document a request names, and whether it may run. */
  readonly documents: RequestedDocuments;
  /** Answers requests whose document may not. */
  readonly refuse: RefuseRequest;
  readonly admission: Admission;
  readonly gateway: GatewayParts;
  readonly log: Logger;
  readonly maxBodyBytes: number;
  readonly maxAnswerBytes: number;
  readonly gate: ConcurrencyGate;
  /** Serves subscriptions by server-sent events. */
  readonly streams: Pick<EventStreams, 'open'>;
  /** The page that describes the error codes. */
  readonly docsUrl: string | undefined;
  /** Of a document. */
  readonly maxTokens: number;
}

/** Maximum number of statements of its own that one request runs at once; the process has ten connections. */
const MAX_STATEMENTS_AT_ONCE = 3;

const NOT_ACCEPTABLE =
  'Answers are application/json, application/graphql-response+json or text/event-stream; the header "Accept" takes none of them.';

/** Answers requests to /graphql, by GET or POST. */
export function graphqlEndpoint(parts: GraphqlEndpointParts): EndpointHandler {
  const { admission, gateway, log, maxBodyBytes, gate } = parts;
  return async (request) => {
    const { method, headers, message, search, requestId } = request;
    const credential = await admission.authenticateAndCount(message, headers.authorization);
    if (method === 'GET') assertNotForged(headers);
    const type = answerTypeFor(headers.accept);
    const takesEvents = acceptsEvents(headers.accept);
    // Before anything is executed whose result could not be sent.
    if (type === undefined && !takesEvents) throw new HttpError(406, 'BAD_REQUEST', NOT_ACCEPTABLE);
    const given = method === 'POST' ? { body: await readJsonBody(message, maxBodyBytes) } : { search };
    const slots = new Semaphore(MAX_STATEMENTS_AT_ONCE);
    const context = { requestId, credential, parts: requestParts(gateway, slots), log };
    return await gate(async () => {
      const subscription = takesEvents ? subscriptionIn(given, parts.documents, parts.maxTokens) : undefined;
      if (subscription !== undefined) return parts.streams.open(request, credential, subscription);
      const answer = await answered(parts, request, type ?? 'application/json', given, context);
      return type === undefined ? inEvents(answer) : answer;
    });
  };
}

async function answered(
  parts: GraphqlEndpointParts,
  request: HttpRequest,
  type: AnswerType,
  given: HttpParameters,
  context: GatewayContext,
): Promise<TextAnswer> {
  const named = parts.documents.choose(documentParametersIn(given), context.credential);
  if ('refusal' in named) {
    // What is well-formed and not executed has the status that its type asks for (GraphQL over HTTP, 6.4).
    const status = type === 'application/json' && !named.isMalformed ? 200 : 400;
    return { status, headers: typeHeader(type), body: parts.refuse(named.refusal, context) };
  }
  const { query, isReplacement } = named;
  const parameters = query !== undefined && isReplacement ? withDocument(given, query) : given;
  return await executed(parts, request, type, parameters, context);
}

async function executed(
  { apollo, executeCached, maxAnswerBytes, docsUrl }: GraphqlEndpointParts,
  request: HttpRequest,
  type: AnswerType,
  given: HttpParameters,
  context: GatewayContext,
): Promise<TextAnswer> {
  const known = 'body' in given ? await executeCached(given.body, context) : undefined;
  const answer =
    known === undefined
      ? await throughApollo(apollo, request, type, given, context)
      : { status: 200, headers: typeHeader(type), body: known };
  if (!isOversized(answer.body, maxAnswerBytes)) return answer;
  // The meter counts at most the bytes of an answer; the bytes themselves decide.
  const { message, extensions } = toGraphQLError(oversizedAnswer(maxAnswerBytes), context);
  const errors = [{ message, extensions: withDocsLink({ ...extensions }, docsUrl) }];
  return { ...answer, body: JSON.stringify({ errors, data: null }), errorCode: 'OPERATION_TOO_LARGE' };
}

function typeHeader(type: AnswerType): Record<string, string> {
  return { 'content-type': `${type}; charset=utf-8` };
}

/** The answer for a client that accepts events only; an HTTP error keeps its own format. */
function inEvents(answer: TextAnswer): HttpAnswer {
  if (answer.status !== 200) return answer;
  const body = nextEvent(answer.body.trim()) + COMPLETE_EVENT;
  return { ...answer, headers: { ...answer.headers, ...EVENT_STREAM_HEADERS }, body };
}

/** Whether a text has more bytes than an answer may have. A character takes three bytes at most for each of its UTF-16 units. */
function isOversized(body: string, maxBytes: number): boolean {
  return body.length * 3 > maxBytes && Buffer.byteLength(body) > maxBytes;
}

async function throughApollo(
  apollo: ApolloServer<GatewayContext>,
  { method, headers, requestId }: HttpRequest,
  type: AnswerType,
  given: HttpParameters,
  context: GatewayContext,
): Promise<TextAnswer> {
  const { body, search } = { body: undefined, search: '', ...given };
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers: headerMap({ ...headers, accept: type }), search, body },
    context: async () => await Promise.resolve(context),
  });
  if (answer.body.kind === 'chunked') {
    throw new HttpError(406, 'BAD_REQUEST', 'Incremental delivery is not supported.');
  }
  const status = answer.status ?? 200;
  const complete = { status, headers: Object.fromEntries(answer.headers), body: answer.body.string };
  return status < 400 ? complete : withRequestId(complete, requestId);
}

/** An answer of Apollo, whose body is text. */
interface TextAnswer extends HttpAnswer {
  readonly body: string;
}

/** Errors that Apollo found before there was a context lack the request's id. */
function withRequestId(answer: TextAnswer, requestId: string): TextAnswer {
  const parsed: unknown = JSON.parse(answer.body);
  if (!isErrorBody(parsed)) return answer;
  const errors = parsed.errors.map(({ extensions, ...error }) => ({
    ...error,
    extensions: { ...extensions, requestId },
  }));
  return { ...answer, body: JSON.stringify({ ...parsed, errors }) };
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
