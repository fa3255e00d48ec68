import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const SOUTHBOUND_SECRET = 'southbound secret';

const order = z.strictObject({
  kind: z.literal('REMOVAL').optional(),
  jobId: z.string(),
  attempt: z.int(),
  deviceId: z.string(),
  version: z.int(),
  macAddress: z.string(),
  serialNumber: z.string().nullable(),
  model: z.string(),
  wifi: z.record(z.string(), z.unknown()).nullable(),
  dhcp: z.record(z.string(), z.unknown()).nullable(),
});

/** The settings of a device as they arrived. */
type Order = z.infer<typeof order>;

/** One request that arrived, from its beginning to the end of its answer or connection. */
interface Arrival extends Order {
  readonly startedAt: number;
  endedAt: number | undefined;
}

/** What the endpoint answers: a status with a body, or nothing at all. */
export type Answer =
  | {
      readonly status: number;
      readonly body?: unknown;
      /** The body as it is, instead. */
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** The connection breaks before the end. */
      readonly isCutOff?: boolean;
    }
  | 'silence';

/** An endpoint that brings settings to devices, of the test's own. */
export interface Southbound {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** What is wrong with requests that arrived; to be empty. */
  readonly errors: readonly string[];
  /** Decides on answers from now on. */
  readonly answerWith: (decide: (order: Order) => Answer | Promise<Answer>) => void;
  /** Keeps calls waiting from now on. @returns what lets those go, and well */
  readonly hold: () => () => void;
  /** The same with removals, which arrive there too. */
  readonly removalEnv: Readonly<Record<string, string>>;
  /** The settings that environment variables name. */
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/** Starts an endpoint that applies everything, checks each signature, and keeps what arrives. */
export async function startSouthbound(): Promise<Southbound> {
  const arrivals: Arrival[] = [];
  const errors: string[] = [];
  let decide: (order: Order) => Answer | Promise<Answer> = () => ({ status: 204 });
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => errors.push(String(error)));
  });
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedAt = performance.now();
    const body = await readBody(request);
    errors.push(...signatureErrors(request, body));
    const arrival: Arrival = { ...order.parse(JSON.parse(body)), startedAt, endedAt: undefined };
    arrivals.push(arrival);
    response.on('close', () => {
      arrival.endedAt = performance.now();
    });
    const answer = await decide(arrival);
    if (answer === 'silence') return;
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    const text = answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
    if (answer.isCutOff === true) response.write(text, () => setTimeout(() => response.destroy(), 50));
    else response.end(text);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${portOf(server.address())}/devices`;
  const answerWith: Southbound['answerWith'] = (next) => {
    decide = next;
  };
  const env = { PROVISIONING_URL: url, PROVISIONING_SECRET: SOUTHBOUND_SECRET, PROVISIONING_RETRY_MS: '40' };
  return {
    url,
    arrivals,
    errors,
    answerWith,
    hold: () => {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      answerWith(async () => {
        await released;
        return { status: 200 };
      });
      return release;
    },
    env,
    removalEnv: { ...env, PROVISIONING_REMOVAL_URL: url },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function signatureErrors({ method, headers }: IncomingMessage, body: string): string[] {
  const timestamp = String(headers['x-timestamp']);
  const expected = `sha256=${createHmac('sha256', SOUTHBOUND_SECRET).update(`${timestamp}.${body}`).digest('hex')}`;
  return [
    ...(method === 'POST' ? [] : [`method ${method ?? ''}`]),
    ...(Math.abs(Number(timestamp) * 1_000 - Date.now()) < 30_000 ? [] : [`timestamp ${timestamp}`]),
    ...(headers['x-signature'] === expected ? [] : ['signature']),
    ...(headers['content-type'] === 'application/json' ? [] : ['content type']),
  ];
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('The endpoint has no port.');
  return address.port;
}
