import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { HostileRequest, HostileSession, HostileStep } from './hostile-steps.js';
import { cpuMs } from './process-cpu.js';
import { answerError, messageError } from './soundness.js';

/** What one step cost, and what is wrong with its answer. */
export interface Strike {
  readonly cpuMs: number;
  readonly tookMs: number;
  /** Undefined: every answer is what a client can work with. */
  readonly fault: string | undefined;
  /** Everything that was answered. */
  readonly text: string;
}

type Answered = Pick<Strike, 'fault' | 'text'>;

const TIMEOUT_MS = 60_000;

/** How long a WebSocket may take to say that it has worked through everything. */
const SESSION_MS = 3_000;

/** How long the server works on what nobody reads, about. */
const UNREAD_MS = 150;

/** The id of the operation that is answered behind everything else. */
const LAST = 'the-last-of-all';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Sends one step to a gateway and measures the CPU that its process spent meanwhile. */
export async function strike(url: string, pid: number, step: HostileStep): Promise<Strike> {
  const startedAt = performance.now();
  const before = await cpuMs(pid);
  const answered = step.via === 'http' ? await overHttp(url, step) : await overWebSocket(url, step);
  return { cpuMs: (await cpuMs(pid)) - before, tookMs: performance.now() - startedAt, ...answered };
}

async function overHttp(url: string, { method, path, headers, body }: HostileRequest): Promise<Answered> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve) => {
    const lost = (fault: string): void => resolve({ fault, text: '' });
    const options = { hostname, port, path, method, headers, agent, timeout: TIMEOUT_MS };
    const asking = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', (error) => lost(`the answer broke off: ${error.message}`));
      const type = response.headers['content-type'] ?? '';
      const settle = (): void => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ text, fault: answerError(method, path, response.statusCode ?? 0, type, text) });
      };
      response.on('end', settle);
      if (!type.startsWith('text/event-stream')) return;
      // A subscription that was let in goes on for as long as its client stays.
      const leaving = setTimeout(() => {
        settle();
        response.destroy();
      }, UNREAD_MS);
      response.on('close', () => clearTimeout(leaving));
    });
    asking.on('error', (error) => lost(`no answer: ${error.message}`));
    asking.on('timeout', () => asking.destroy(new Error('none in time')));
    asking.end(body);
  });
}

/** graphql-transport-ws: `Internal server error`. */
const INTERNAL_ERROR = 4500;

async function overWebSocket(
  url: string,
  { connectionParams, frames, isRead }: HostileSession,
): Promise<Answered> {
  const client = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  const [faults, texts]: [string[], string[]] = [[], []];
  let endSeen = (): void => undefined;
  const isDone = new Promise<void>((resolve) => (endSeen = resolve));
  client.on('message', (data: Buffer) => {
    const text = data.toString('utf8');
    if (text.includes(LAST)) endSeen();
    else texts.push(text);
    const fault = messageError(text);
    if (fault !== undefined) faults.push(fault);
  });
  client.on('close', (code, reason) => {
    if (code === INTERNAL_ERROR) faults.push(`closed with ${code}: ${reason.toString('utf8')}`);
    endSeen();
  });
  client.on('error', () => endSeen());
  await Promise.race([once(client, 'open').catch(() => undefined), isDone]);
  if (connectionParams !== undefined && client.readyState === client.OPEN) {
    const acknowledged = once(client, 'message').catch(() => undefined);
    client.send(JSON.stringify({ type: 'connection_init', payload: connectionParams }), () => undefined);
    await Promise.race([acknowledged, isDone, delay(SESSION_MS)]);
  }
  if (!isRead) client.pause();
  for (const { kind, data, ...more } of frames) {
    if (client.readyState !== client.OPEN) break;
    if (kind === 'ping') client.ping(data);
    else if (kind === 'pong') client.pong(data);
    else
      client.send(data, { binary: kind === 'binary', fin: 'isLast' in more && more.isLast }, () => undefined);
  }
  if (isRead && client.readyState === client.OPEN) {
    client.send(JSON.stringify({ id: LAST, type: 'subscribe', payload: { query: '{' } }), () => undefined);
    await Promise.race([isDone, delay(SESSION_MS)]);
  } else {
    await delay(UNREAD_MS);
  }
  client.terminate();
  return { fault: faults[0], text: texts.join('\n') };
}
