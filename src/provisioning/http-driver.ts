import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { z } from 'zod';
import type { ProvisioningDriver, TryOutcome } from './driver.js';

/** So long an endpoint may take for its whole answer. */
const TIMEOUT_MS = 10_000;
/** So much of an answer is read; a reason is far shorter. */
const MAX_ANSWER_BYTES = 64_000;

const refusalBody = z.object({ error: z.string() });

/**
 * Sends settings to an endpoint that knows how to reach the devices: `POST {url}`, signed.
 * @param secret the key of the signature, which both sides hold
 */
export function httpDriver(url: string, secret: string): ProvisioningDriver {
  const target = new URL(url);
  const { request, Agent } = target.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true });
  const post: Post = (headers, signal) => request(target, { method: 'POST', agent, headers, signal });
  return async (order, signal) => {
    const body = JSON.stringify(order);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'x-timestamp': timestamp,
      'x-signature': `sha256=${signature(secret, `${timestamp}.${body}`)}`,
    };
    try {
      return await answerTo(post, headers, body, AbortSignal.any([signal, timeout]));
    } catch (error) {
      signal.throwIfAborted();
      const reason = timeout.aborted
        ? `The provisioning endpoint did not answer within ${TIMEOUT_MS / 1_000} seconds.`
        : `The provisioning endpoint cannot be reached (${codeOf(error)}).`;
      return { kind: 'failed', reason };
    }
  };
}

type Post = (headers: http.OutgoingHttpHeaders, signal: AbortSignal) => http.ClientRequest;

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** Sends a request and judges its answer. Redirects are answers like others: they could lead the passwords anywhere. */
async function answerTo(
  post: Post,
  headers: http.OutgoingHttpHeaders,
  body: string,
  signal: AbortSignal,
): Promise<TryOutcome> {
  const call = post(headers, signal);
  // Whoever waits is told otherwise; an error that nobody listens to would end the process.
  call.on('error', () => undefined);
  try {
    call.end(body);
    const answered: unknown[] = await once(call, 'response', { signal });
    const [response] = answered;
    if (!(response instanceof http.IncomingMessage)) throw new TypeError('This is no answer.');
    return outcomeOf(response.statusCode ?? 0, await readAnswer(response));
  } catch (error) {
    // The endpoint closed a connection that was idle at the moment that it was used again.
    const wasIdle = call.reusedSocket && codeOf(error) === 'ECONNRESET' && !signal.aborted;
    if (wasIdle) return await answerTo(post, headers, body, signal);
    throw error;
  }
}

/** The answer's text, to its end or to a limit; the connection is free again afterwards. */
async function readAnswer(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function outcomeOf(status: number, answer: string): TryOutcome {
  if (status >= 200 && status < 300) return { kind: 'applied' };
  if (status === 409 || status === 422) {
    return {
      kind: 'refused',
      reason: reasonIn(answer) ?? `The device refused the settings (HTTP ${status}).`,
    };
  }
  return { kind: 'failed', reason: `The provisioning endpoint answered HTTP ${status}.` };
}

function reasonIn(answer: string): string | undefined {
  try {
    const { error } = refusalBody.parse(JSON.parse(answer));
    return error.trim() === '' ? undefined : error;
  } catch {
    return undefined;
  }
}

/** The code that says why a connection failed; the message could hold the URL, and that a password. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no connection';
}
