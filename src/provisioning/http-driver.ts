import { createHmac } from 'node:crypto';
import { type Dispatcher, Pool } from 'undici';
import { z } from 'zod';
import type { ProvisioningDriver, TryOutcome } from './driver.js';

/** So long an endpoint may take to begin its answer, and as long again to end it. */
const TIMEOUT_MS = 10_000;
/** So much of an answer is read; a reason is far shorter. */
const MAX_ANSWER_BYTES = 64_000;

const refusalBody = z.object({ error: z.string() });

/**
 * Sends settings to an endpoint that knows how to reach the devices: `POST {url}`, signed.
 * @param secret the key of the signature, which both sides hold
 */
export function httpDriver(url: string, secret: string): ProvisioningDriver {
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  const path = pathname + search;
  return async (order, signal) => {
    const body = JSON.stringify(order);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = {
      'content-type': 'application/json',
      'x-timestamp': timestamp,
      'x-signature': `sha256=${signature(secret, `${timestamp}.${body}`)}`,
    };
    const post: Post = async () => await pool.request({ method: 'POST', path, headers, body, signal });
    try {
      const { statusCode, body: answer } = await post().catch(againIfClosed(post));
      return outcomeOf(statusCode, await textOf(answer));
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'failed', reason: reasonOf(error) };
    }
  };
}

type Post = () => Promise<Dispatcher.ResponseData>;

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The endpoint may have closed a kept connection at the very moment that it was used again; no try is lost for that. */
function againIfClosed(post: Post): (error: unknown) => ReturnType<Post> {
  return async (error) => {
    if (!CLOSED.has(codeOf(error))) throw error;
    return await post();
  };
}

const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const LATE: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** Redirects are answers like others: they could lead the passwords anywhere. */
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

/** An answer's text, to its end or to a limit of its length and time; at its end the connection is free again. */
async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const deadline = performance.now() + TIMEOUT_MS;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > MAX_ANSWER_BYTES || performance.now() > deadline) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonIn(answer: string): string | undefined {
  try {
    const { error } = refusalBody.parse(JSON.parse(answer));
    return error.trim() === '' ? undefined : error;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  return LATE.has(code)
    ? `The provisioning endpoint did not answer within ${TIMEOUT_MS / 1_000} seconds.`
    : `The provisioning endpoint cannot be reached (${code}).`;
}

/** The code that says why a connection failed; the message could hold the URL, and that a password. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no connection';
}
