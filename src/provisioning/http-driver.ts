import { createHmac } from 'node:crypto';
import { urlToHttpOptions } from 'node:url';
import { z } from 'zod';
import { errorCode } from '../errors/error-code.js';
import type { AttemptOutcome, ProvisioningDriver, ProvisioningOrder } from './driver.js';
import {
  type EndpointAnswer,
  endpointConnections,
  KeptConnectionClosed,
  NoAnswer,
  TIMEOUT_MS,
} from './endpoint-connections.js';

const refusalBody = z.object({ error: z.string() });

/**
 * Sends settings to an endpoint that knows how to reach the devices: `POST {url}`, signed.
 * @param secret the key of the signature, which both sides hold
 */
export function httpDriver(url: string, secret: string): ProvisioningDriver {
  const endpoint = new URL(url);
  const { path, auth } = urlToHttpOptions(endpoint);
  const { send, sendAlone } = endpointConnections(endpoint.origin);
  const ofEndpoint = {
    'content-type': 'application/json',
    ...(typeof auth === 'string' && { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
  };
  return async (order, signal) => {
    signal.throwIfAborted();
    const body = JSON.stringify(order);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = {
      ...ofEndpoint,
      'x-timestamp': timestamp,
      'x-signature': `sha256=${signature(secret, `${timestamp}.${body}`)}`,
    };
    const request = { path: path ?? '/', method: 'POST', headers, body } as const;
    try {
      // An endpoint may close an idle connection at the very moment that it is used again; no attempt is lost for that.
      const answer = await send(request, signal).catch(async (error: unknown) => {
        if (error instanceof KeptConnectionClosed) return await sendAlone(request, signal);
        throw error;
      });
      const outcome = outcomeOf(order, answer);
      if (outcome.kind !== 'applied') signal.throwIfAborted();
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'failed', reason: reasonOf(error) };
    }
  };
}

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

/** The status decides, whatever became of the rest of the answer. Redirects could lead the passwords anywhere. */
function outcomeOf({ kind }: ProvisioningOrder, { status, content }: EndpointAnswer): AttemptOutcome {
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
  const code = errorCode(error) ?? 'no connection';
  // undici's own name for a connection that the other side closed.
  return code === 'UND_ERR_SOCKET' ? 'ECONNRESET' : code;
}
