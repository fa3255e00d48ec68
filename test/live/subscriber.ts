import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type TestGateway, wireError } from '../support/gateway.js';

const message = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('connection_ack') }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
  z.strictObject({
    type: z.literal('next'),
    id: z.string(),
    payload: z.strictObject({ data: z.unknown(), errors: z.array(wireError).optional() }),
  }),
  z.strictObject({ type: z.literal('error'), id: z.string(), payload: z.array(wireError).min(1) }),
  z.strictObject({ type: z.literal('complete'), id: z.string() }),
]);

const event = z.object({ networkDeviceChanged: z.unknown() });

/** A message of the gateway; every one in every test is held against these shapes. */
export type Message = z.infer<typeof message>;

export const WATCH = `subscription ($ids: [ID!], $customer: ID) {
  networkDeviceChanged(ids: $ids, customer: $customer) { id version name }
}`;

/** A client that speaks graphql-transport-ws by hand, so that tests see every message. */
export class Subscriber {
  readonly messages: Message[] = [];
  /** The data of each event, by subscription. */
  readonly #data = new Map<string, unknown[]>();
  closed: { readonly code: number; readonly reason: string } | undefined;

  private constructor(
    readonly socket: WebSocket,
    private readonly gateway: Pick<TestGateway, 'logLines'>,
  ) {
    socket.on('message', (data) => {
      if (Buffer.isBuffer(data)) this.#read(message.parse(JSON.parse(data.toString())));
    });
    socket.on('close', (code, reason) => (this.closed = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
  }

  /** Connects, and waits until that is acknowledged. */
  static async connect(
    gateway: Pick<TestGateway, 'url' | 'logLines'>,
    params: Readonly<Record<string, unknown>> | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Subscriber> {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', { headers });
    const subscriber = new Subscriber(socket, gateway);
    await once(socket, 'open');
    subscriber.send({ type: 'connection_init', ...(params && { payload: params }) });
    await expect.poll(() => subscriber.messages).toContainEqual({ type: 'connection_ack' });
    return subscriber;
  }

  send(value: unknown): void {
    this.socket.send(JSON.stringify(value));
  }

  /** Sends a subscription without waiting for anything. */
  subscribe(id: string, variables: Readonly<Record<string, unknown>> = {}, query = WATCH): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** Subscribes and waits until the gateway says that it has begun. */
  async watch(id: string, variables: Readonly<Record<string, unknown>> = {}, query = WATCH): Promise<void> {
    const before = this.#started();
    this.subscribe(id, variables, query);
    await expect.poll(() => this.#started()).toBeGreaterThan(before);
  }

  #started(): number {
    return this.gateway.logLines.filter((line) => line.includes('subscription started')).length;
  }

  /** The events of a subscription so far: what its field held. */
  events(id: string): readonly unknown[] {
    return (this.#data.get(id) ?? []).map((data) => event.parse(data).networkDeviceChanged);
  }

  /** Waits for this many events. */
  async receives(id: string, count: number): Promise<readonly unknown[]> {
    await expect.poll(() => this.#data.get(id)?.length ?? 0).toBeGreaterThanOrEqual(count);
    // One too many would come at once.
    await delay(50);
    return this.events(id);
  }

  /** Waits for the error that ends a subscription. */
  async error(id: string): Promise<z.infer<typeof wireError>> {
    await expect.poll(() => this.#errorOf(id)).toBeDefined();
    const error = this.#errorOf(id);
    if (error === undefined) throw new Error('There is no error.');
    return error;
  }

  #errorOf(id: string): z.infer<typeof wireError> | undefined {
    const sent = this.messages.find((candidate) => candidate.type === 'error' && candidate.id === id);
    return sent?.type === 'error' ? sent.payload[0] : undefined;
  }

  #read(sent: Message): void {
    this.messages.push(sent);
    if (sent.type !== 'next') return;
    const told = this.#data.get(sent.id) ?? [];
    told.push(sent.payload.data);
    this.#data.set(sent.id, told);
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Connects with a token. */
export async function connect(gateway: TestGateway, token: string): Promise<Subscriber> {
  return await Subscriber.connect(gateway, { authorization: `Bearer ${token}` });
}

/** Changes devices as an operation does, with the rows that tell of it in the same statement. */
export async function touch(
  { sql }: Pick<TestGateway, 'sql'>,
  ids: readonly string[],
  name = 'Touched',
  times = 1,
): Promise<void> {
  await sql.query(
    `WITH touched AS (UPDATE network_device SET name = $2, version = version + 1 WHERE id = ANY($1) RETURNING id)
     INSERT INTO device_change (device_id) SELECT id FROM touched, generate_series(1, $3::integer)`,
    [ids, name, times],
  );
}
