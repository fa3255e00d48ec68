import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { isAcceptableRequestId, ownRequestId } from '../../domain/request-id.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { describeCause } from '../../logging/log.js';
import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import { codingFor, compress } from './compression.js';
import { type CorsPolicy, VARY } from './cors.js';
import { type ErrorPresenter, type HttpAnswer, JSON_TYPE, type StreamAnswer } from './endpoint.js';
import { errorBody, HttpError, toHttpError } from './http-error.js';
import { hasTooManyHeaders, tooManyHeaders } from './header-limit.js';
import { answersFromNowOn, identifyRequest } from './request-metrics.js';
import { Turns } from './turns.js';
import { UnreadAnswers } from './unread-answers.js';
import { allowedMethods, handlerFor, type Router } from './router.js';

/** What every request is handled with. */
export interface HandlerParts {
  readonly router: Router;
  readonly cors: CorsPolicy;
  /** Whether clients are to take their next request elsewhere. */
  readonly isDraining: () => boolean;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  /** The page that describes the error codes. */
  readonly docsUrl?: string | undefined;
}

/** How long the rest of a refused body is read and dropped: a client that still sends would miss the answer. */
const ANSWER_LINGER_MS = 1_000;

/** Answers every request, whatever becomes of it, in JSON unless its endpoint has something else. */
export function requestHandler(parts: HandlerParts): RequestListener {
  const tools = { ...parts, turns: new Turns(), unread: new UnreadAnswers() };
  return (message, response) => {
    respond(tools, message, response).catch((error: unknown) => {
      parts.log.error({ cause: describeCause(error) }, 'answer failed');
      response.destroy();
    });
  };
}

/** What the answers of one server share. */
interface ResponderParts extends HandlerParts {
  readonly turns: Turns;
  readonly unread: UnreadAnswers;
}

async function respond(
  parts: ResponderParts,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = requestIdOf(message);
  identifyRequest(response, requestId);
  const answered = await answerSafely(parts, message, response, requestId);
  if ('stream' in answered) {
    beginStream(parts, message, response, answered, requestId);
    return;
  }
  const answer = await compressed(message, answered);
  if (answer.errorCode !== undefined) parts.metrics.errorAnswered(answer.errorCode);
  const encoded = inBytes(answer.body);
  const length = Buffer.byteLength(encoded);
  response.writeHead(answer.status, {
    ...commonHeaders(parts, message, answer.headers, requestId),
    ...(answer.status !== 204 && answer.status !== 304 && { 'content-length': length }),
  });
  const body = message.method === 'HEAD' ? '' : encoded;
  if (message.complete) response.end(body);
  else await linger(message, response, body);
  if (answer.isShared !== true) parts.unread.add(response, length);
}

/** From this length on a text is encoded here: as a text it is measured first, and then written into room for three times its length. */
const LONG_TEXT = 16_384;

function inBytes(body: string | Buffer): string | Buffer {
  return typeof body === 'string' && body.length >= LONG_TEXT ? Buffer.from(body) : body;
}

/** Begins an answer that goes on; it is not compressed, which would hold its parts back. */
function beginStream(
  parts: ResponderParts,
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, stream }: StreamAnswer,
  requestId: string,
): void {
  response.writeHead(status, commonHeaders(parts, message, headers, requestId));
  // A body that its endpoint does not read.
  message.resume();
  answersFromNowOn(response);
  stream(response);
}

/** The headers of an answer, with those that all answers have. */
function commonHeaders(
  { cors, isDraining }: ResponderParts,
  message: IncomingMessage,
  headers: HttpAnswer['headers'],
  requestId: string,
): Readonly<Record<string, string>> {
  const { vary } = headers;
  return {
    'cache-control': 'no-store',
    ...headers,
    ...cors.answerHeaders(message.headers),
    vary: vary === undefined ? VARY : `${VARY}, ${vary}`,
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    ...((isDraining() || !message.complete) && { connection: 'close' }),
  };
}

async function linger(
  message: IncomingMessage,
  response: ServerResponse,
  body: string | Buffer,
): Promise<void> {
  if (body.length > 0) response.write(body);
  message.resume();
  const deadline = new AbortController();
  await Promise.race([
    once(message, 'close', { signal: deadline.signal }).catch(() => undefined),
    delay(ANSWER_LINGER_MS, undefined, { signal: deadline.signal, ref: false }).catch(() => undefined),
  ]);
  deadline.abort();
  response.end();
}

async function compressed(message: IncomingMessage, answer: HttpAnswer): Promise<HttpAnswer> {
  if (answer.headers['content-encoding'] !== undefined) return answer;
  const coding = codingFor(message.headers['accept-encoding'], answer.body.length);
  if (coding === undefined) return answer;
  const body = await compress(coding, answer.body);
  return { ...answer, headers: { ...answer.headers, 'content-encoding': coding }, body };
}

async function answerSafely(
  parts: ResponderParts,
  message: IncomingMessage,
  response: ServerResponse,
  requestId: string,
): Promise<HttpAnswer | StreamAnswer> {
  let presentError: ErrorPresenter = (error, id) => errorBody(error, id, parts.docsUrl);
  try {
    const { path, search } = targetOf(message);
    const match = parts.router(path);
    if (match === undefined) {
      throw new HttpError(
        404,
        'BAD_REQUEST',
        'There is nothing at this path. GraphQL is served at /graphql.',
      );
    }
    presentError = match.route.presentError ?? presentError;
    if (hasTooManyHeaders(message)) throw tooManyHeaders();
    await parts.turns.take(message.socket, response);
    const called = handlerFor(match.route, message.method ?? '');
    if (called === undefined) return withoutHandler(parts, message, allowedMethods(match.route));
    const { method, handle } = called;
    const { headers } = message;
    return await handle({ method, headers, message, path, search, params: match.params, requestId });
  } catch (error) {
    const httpError = errorOf(error) ?? unforeseen(parts.log, message, error, requestId);
    const headers = { ...httpError.headers, 'content-type': JSON_TYPE };
    return {
      status: httpError.status,
      headers,
      body: presentError(httpError, requestId),
      errorCode: httpError.code,
    };
  }
}

function errorOf(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  return error instanceof GatewayError ? toHttpError(error) : undefined;
}

function withoutHandler({ cors }: HandlerParts, message: IncomingMessage, allow: string): HttpAnswer {
  if (message.method !== 'OPTIONS') {
    throw new HttpError(405, 'BAD_REQUEST', `This path answers ${allow}.`, { allow });
  }
  const headers = { allow, ...cors.preflightHeaders(message.headers, allow) };
  return { status: 204, headers, body: '' };
}

/** Path and query of a request. */
function targetOf({ url: target = '/', headers, httpVersion }: IncomingMessage): {
  readonly path: string;
  readonly search: string;
} {
  if (headers.host === undefined && httpVersion === '1.1') {
    throw new HttpError(400, 'BAD_REQUEST', 'The header "Host" is missing.');
  }
  if (target.startsWith('/')) {
    const end = target.indexOf('?');
    return end < 0 ? { path: target, search: '' } : { path: target.slice(0, end), search: target.slice(end) };
  }
  // Only clients that take the gateway for a proxy send a whole URL.
  if (!URL.canParse(target)) throw new HttpError(400, 'BAD_REQUEST', 'The path is malformed.');
  const { pathname, search } = new URL(target);
  return { path: pathname, search };
}

function unforeseen(log: Logger, message: IncomingMessage, error: unknown, requestId: string): HttpError {
  // A client that hangs up in the middle of its own request is no failure of ours.
  const level = message.destroyed && !message.complete ? 'debug' : 'error';
  log[level]({ requestId, cause: describeCause(error) }, 'request failed');
  return new HttpError(500, 'INTERNAL_ERROR');
}

/** The id that a client or proxy gave the request, if it can be kept; else a new one. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && isAcceptableRequestId(given) ? given : ownRequestId(randomUUID());
}
