import { createHmac } from 'node:crypto';
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
  return async (order, signal) => {
    const body = JSON.stringify(order);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    try {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect could lead the passwords anywhere.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'x-timestamp': timestamp,
          'x-signature': `sha256=${signature(secret, `${timestamp}.${body}`)}`,
        },
        body,
        signal: AbortSignal.any([signal, timeout]),
      });
      return outcomeOf(response.status, await readAnswer(response));
    } catch (error) {
      signal.throwIfAborted();
      const reason = timeout.aborted
        ? `The provisioning endpoint did not answer within ${TIMEOUT_MS / 1_000} seconds.`
        : `The provisioning endpoint cannot be reached (${codeOf(error)}).`;
      return { kind: 'failed', reason };
    }
  };
}

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The answer's text, to its end or to a limit; the connection is free again afterwards. */
async function readAnswer({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream: AsyncIterable<unknown> | null = body;
  if (stream === null) return '';
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
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
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection';
}
