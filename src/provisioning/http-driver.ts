import { errorCode } from '../errors/error-code.js';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { z } from 'zod';
import type { AttemptOutcome, ProvisioningDriver, ProvisioningOrder } from './driver.js';

/** Maximum time that an endpoint may take to begin its answer, and as long again to end it. */
const TIMEOUT_MS = 10_000;
/** How long a connection is kept that nobody uses. */
const KEPT_MS = 4_000;
/** Maximum size of an answer that is read; a reason is far shorter. */
const MAX_ANSWER_BYTES = 256_000;

const refusalBody = z.object({ error: z.string() });

/**
 * Sends settings to an endpoint that knows how to reach the devices: `POST {url}`, signed.
 * @param secret the key of the signature, which both sides hold
 */
export function httpDriver(url: string, secret: string): ProvisioningDriver {
  const { Agent, request } = url.startsWith('https:') ? https : http;
  const kept = new Agent({ keepAlive: true, timeout: KEPT_MS });
  // Else `request` would read the URL anew for each order.
  const endpoint = urlToHttpOptions(new URL(url));
  return async (order, signal) => {
    signal.throwIfAborted();
    const body = JSON.stringify(order);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = {
      'content-type': 'application/json',
      'x-timestamp': timestamp,
      'x-signature': `sha256=${signature(secret, `${timestamp}.${body}`)}`,
    };
    const post: Post = async (agent) =>
      await answerTo(request({ ...endpoint, method: 'POST', agent, headers }), body, signal);
    try {
      const outcome = await outcomeOf(order, await post(kept).catch(onceMoreIfClosed(post)));
      if (outcome.kind !== 'applied') signal.throwIfAborted();
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'failed', reason: reasonOf(error) };
    }
  };
}

/** Sends the order. @param agent false for a connection of its own */
type Post = (agent: http.Agent | false) => Promise<http.IncomingMessage>;

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The other side closed a kept connection before it said anything about the request, which it may not have seen. */
class KeptConnectionClosed extends Error {}

class NoAnswer extends Error {}

/** Sends a request. @returns the answer, as soon as it begins */
async function answerTo(
  call: http.ClientRequest,
  body: string,
  signal: AbortSignal,
): Promise<http.IncomingMessage> {
  return await new Promise((resolve, reject) => {
    const deadline = setTimeout(() => call.destroy(new NoAnswer()), TIMEOUT_MS);
    signal.addEventListener('abort', () => call.destroy(new NoAnswer()), { once: true });
    let readBefore = 0;
    call.once('socket', ({ bytesRead }) => (readBefore = bytesRead));
    call.once('response', (answer) => {
      clearTimeout(deadline);
      resolve(answer);
    });
    call.on('error', (error) => {
      clearTimeout(deadline);
      const isUnheard = call.reusedSocket && call.socket?.bytesRead === readBefore;
      reject(isUnheard && CLOSED.has(codeOf(error)) ? new KeptConnectionClosed() : error);
    });
    call.end(body);
  });
}

const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** An endpoint may close an idle connection at the very moment that it is used again; no attempt is lost for that. */
function onceMoreIfClosed(post: Post): (error: unknown) => ReturnType<Post> {
  return async (error) => {
    if (!(error instanceof KeptConnectionClosed)) throw error;
    return await post(false);
  };
}

/** The status decides, whatever becomes of the rest of the answer. Redirects could lead the passwords anywhere. */
async function outcomeOf({ kind }: ProvisioningOrder, answer: http.IncomingMessage): Promise<AttemptOutcome> {
  const { statusCode: status = 0 } = answer;
  const content = await contentOf(answer);
  if (status >= 200 && status < 300) return { kind: 'applied' };
  // There is nothing to remove.
  if (kind === 'REMOVAL' && (status === 404 || status === 410)) return { kind: 'applied' };
  if (status === 409 || status === 422) {
    return {
      kind: 'refused',
      reason:
        reasonIn(new TextDecoder().decode(content)) ??
        `The device refused the ${kind === 'REMOVAL' ? 'removal' : 'settings'} (HTTP ${status}).`,
    };
  }
  return { kind: 'failed', reason: `The provisioning endpoint answered HTTP ${status}.` };
}

/** What an answer says, to its end or to a limit of its length and time; at its end the connection is free again. */
async function contentOf(answer: http.IncomingMessage): Promise<Buffer> {
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const deadline = setTimeout(() => answer.destroy(), TIMEOUT_MS);
    // What came before the connection broke is all that there is.
    const end = (): void => {
      clearTimeout(deadline);
      resolve(Buffer.concat(chunks));
    };
    answer.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.byteLength;
      if (length > MAX_ANSWER_BYTES) answer.destroy();
    });
    answer.on('error', () => undefined);
    answer.once('close', end);
    if (answer.closed) end();
  });
}

function reasonIn(text: string): string | undefined {
  try {
    return textIn(refusalBody.parse(JSON.parse(text)).error);
  } catch {
    return beginningOfReason(text);
  }
}

function textIn(reason: string): string | undefined {
  return reason.trim() === '' ? undefined : reason;
}

/** The reason of an answer that was cut off in it: far more than is kept of one. */
function beginningOfReason(text: string): string | undefined {
  const [, begun] = /^\s*\{\s*"error"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)/.exec(text.slice(0, 50_000)) ?? [];
  if (begun === undefined) return undefined;
  try {
    return textIn(z.string().parse(JSON.parse(`"${begun.replace(/\\(?:u[\da-f]{0,3})?$/i, '')}"`)));
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof NoAnswer
    ? `The provisioning endpoint did not answer within ${TIMEOUT_MS / 1_000} seconds.`
    : `The provisioning endpoint cannot be reached (${codeOf(error)}).`;
}

/** The code that says why a connection failed; the message could hold the URL, and that a password. */
function codeOf(error: unknown): string {
  return errorCode(error) ?? 'no connection';
}
