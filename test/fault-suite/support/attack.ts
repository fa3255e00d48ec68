import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { wireError } from '../../support/gateway.js';
import type { HostileRequest, HostileSession, HostileStep } from './hostile-steps.js';
import { cpuMs } from './process-cpu.js';

/** What one step cost, and what is wrong with its answer. */
export interface Strike {
  readonly cpuMs: number;
  readonly tookMs: number;
  /** Undefined: every answer is what a client can work with. */
  readonly fault: string | undefined;
}

const TIMEOUT_MS = 60_000;

/** How long a WebSocket may take to say that it has worked through everything. */
const SESSION_MS = 3_000;

/** How long the server works on what nobody reads, about. */
const UNREAD_MS = 150;

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends one step to a gateway and measures the CPU that its process spent meanwhile. */
export async function strike(url: string, pid: number, step: HostileStep): Promise<Strike> {
  const startedAt = performance.now();
  const before = await cpuMs(pid);
  const fault = step.via === 'http' ? await overHttp(url, step) : await overWebSocket(url, step);
  return { cpuMs: (await cpuMs(pid)) - before, tookMs: performance.now() - startedAt, fault };
}

async function overHttp(
  url: string,
  { method, path, headers, body }: HostileRequest,
): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    const options = { hostname, port, path, method, headers, agent, timeout: TIMEOUT_MS };
    const asking = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => resolve(`the answer broke off: ${error.message}`));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const type = response.headers['content-type'] ?? '';
        resolve(faultOf(method, path, response.statusCode ?? 0, type, text));
      });
    });
    asking.on('error', (error) => resolve(`no answer: ${error.message}`));
    asking.on('timeout', () => asking.destroy(new Error('none in time')));
    asking.end(body);
  });
}

const graphqlAnswer = z.strictObject({ data: z.unknown().optional(), errors: z.array(wireError).optional() });
const pageFault = z.strictObject({ code: z.int(), message: z.string(), description: z.string() });

function faultOf(
  method: string,
  path: string,
  status: number,
  type: string,
  text: string,
): string | undefined {
  if (status >= 500 && status !== 503) return `status ${status}: ${text.slice(0, 300)}`;
  if (text.includes('"INTERNAL_ERROR"') || text.includes('internal_error')) return text.slice(0, 300);
  if (method === 'HEAD' || status === 204 || status === 304) return undefined;
  const isPage = path.startsWith('/network/device/');
  if (!path.startsWith('/graphql') && !isPage && status < 400) return undefined;
  if (type.startsWith('text/event-stream')) {
    const events = text.split('\n').filter((line) => line.startsWith('data:') && line.trim() !== 'data:');
    return events
      .map((line) => shapeFault(graphqlAnswer, line.slice(5)))
      .find((fault) => fault !== undefined);
  }
  if (!/^application\/(?:graphql-response\+)?json/.test(type))
    return `${status} as ${type}: ${text.slice(0, 100)}`;
  if (isPage && status < 400) return shapeFault(z.looseObject({ _id: z.string() }), text);
  return shapeFault(isPage ? z.union([pageFault, graphqlAnswer]) : graphqlAnswer, text);
}

function shapeFault(shape: z.ZodType, text: string): string | undefined {
  try {
    const { success, error } = shape.safeParse(JSON.parse(text));
    return success ? undefined : `${z.prettifyError(error).slice(0, 300)}: ${text.slice(0, 300)}`;
  } catch {
    return `no JSON: ${text.slice(0, 300)}`;
  }
}

const socketMessage = z.union([
  z.looseObject({ type: z.enum(['connection_ack', 'ping', 'pong', 'complete']) }),
  z.looseObject({ type: z.literal('next'), payload: graphqlAnswer }),
  z.looseObject({ type: z.literal('error'), payload: z.array(wireError) }),
]);

/** graphql-transport-ws: `Internal server error`. */
const INTERNAL_ERROR = 4500;

async function overWebSocket(
  url: string,
  { headers, frames, isRead }: HostileSession,
): Promise<string | undefined> {
  const client = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
  const faults: string[] = [];
  let endSeen = (): void => undefined;
  const isDone = new Promise<void>((resolve) => (endSeen = resolve));
  client.on('message', (data: Buffer) => {
    const text = data.toString('utf8');
    if (text.includes('the end of it')) {
      endSeen();
      return;
    }
    const fault = text.includes('"INTERNAL_ERROR"') ? text.slice(0, 300) : shapeFault(socketMessage, text);
    if (fault !== undefined) faults.push(fault);
  });
  client.on('close', (code, reason) => {
    if (code === INTERNAL_ERROR) faults.push(`closed with ${code}: ${reason.toString('utf8')}`);
    endSeen();
  });
  client.on('error', () => endSeen());
  await Promise.race([once(client, 'open').catch(() => undefined), isDone]);
  if (!isRead) client.pause();
  for (const { kind, data, ...more } of frames) {
    if (client.readyState !== client.OPEN) break;
    if (kind === 'ping') client.ping(data);
    else if (kind === 'pong') client.pong(data);
    else
      client.send(data, { binary: kind === 'binary', fin: 'isLast' in more && more.isLast }, () => undefined);
  }
  if (isRead && client.readyState === client.OPEN) {
    client.send(JSON.stringify({ type: 'ping', payload: { end: 'the end of it' } }), () => undefined);
    await Promise.race([isDone, delay(SESSION_MS)]);
  } else {
    await delay(UNREAD_MS);
  }
  client.terminate();
  return faults[0];
}
