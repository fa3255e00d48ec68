import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type TestGateway, wireError } from '../support/gateway.js';
import { WATCH } from './subscriber.js';

const answer = z.strictObject({ data: z.unknown().optional(), errors: z.array(wireError).optional() });

/** An event of the gateway; every one in every test is held against this shape. */
const event = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('next'), data: answer }),
  z.strictObject({ event: z.literal('complete'), data: z.null() }),
]);

type Event = z.infer<typeof event>;

const change = z.object({ networkDeviceChanged: z.unknown() });

/** How a request for events is sent. */
export interface EventRequest {
  readonly token?: string | undefined;
  readonly method?: 'GET' | 'POST' | 'HEAD';
  readonly query?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Further parameters, or others in the place of these; undefined leaves one out. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client that reads server-sent events by hand, so that tests see every byte. */
export class EventReader {
  text = '';
  isClosed = false;
  /** The comments so far. */
  comments = 0;
  /** The whole events so far, each read once as it comes. */
  readonly events: Event[] = [];
  #unread = '';

  private constructor(
    readonly request: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => this.#read(chunk));
    response.on('error', () => undefined);
    response.on('close', () => (this.isClosed = true));
  }

  /** Sends a request for events and waits for the headers of its answer. The stream ends with the test at the latest. */
  static async open({ url }: Pick<TestGateway, 'url'>, sent: EventRequest): Promise<EventReader> {
    const { token, method = 'POST', query = WATCH, variables = {}, parameters = {}, headers } = sent;
    const body = { query, variables, ...parameters };
    const search = searchOf(body);
    const outgoing = request(method === 'POST' ? url : `${url}?${search.toString()}`, {
      method,
      headers: {
        accept: 'text/event-stream',
        ...(method === 'POST' && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    outgoing.end(method === 'POST' ? JSON.stringify(body) : undefined);
    outgoing.on('error', () => undefined);
    const [incoming] = z.tuple([z.custom<IncomingMessage>()]).parse(await once(outgoing, 'response'));
    const reader = new EventReader(outgoing, incoming);
    // A test that failed leaves no stream behind, which the next one would count.
    onTestFinished(() => reader.close());
    return reader;
  }

  /** Opens a subscription and waits until the gateway says that it has begun. */
  static async watch(
    gateway: Pick<TestGateway, 'url' | 'logLines'>,
    sent: EventRequest,
  ): Promise<EventReader> {
    const started = (): number =>
      gateway.logLines.filter((line) => line.includes('subscription started')).length;
    const before = started();
    const reader = await EventReader.open(gateway, sent);
    await expect.poll(started).toBeGreaterThan(before);
    return reader;
  }

  /** The data of each event so far that has some. */
  get #data(): readonly unknown[] {
    return this.events.flatMap((told) => {
      const { data } = told.event === 'next' ? told.data : {};
      return data === undefined || data === null ? [] : [data];
    });
  }

  /** What the field held in each event so far. */
  get changes(): readonly unknown[] {
    return this.#data.map((data) => change.parse(data).networkDeviceChanged);
  }

  /** Waits for this many changes. */
  async receives(count: number): Promise<readonly unknown[]> {
    await expect.poll(() => this.#data.length).toBeGreaterThanOrEqual(count);
    // One too many would come at once.
    await delay(50);
    return this.changes;
  }

  /** Waits for the end of the stream, which an error and nothing else comes before. */
  async error(): Promise<z.infer<typeof wireError>> {
    await expect.poll(() => this.isClosed).toBe(true);
    const [last, complete] = this.events.slice(-2);
    expect(complete).toEqual({ event: 'complete', data: null });
    const error = last?.event === 'next' ? last.data.errors?.[0] : undefined;
    if (error === undefined) throw new Error(`There is no error: ${this.text}`);
    return error;
  }

  close(): void {
    this.request.destroy();
  }

  #read(chunk: string): void {
    this.text += chunk;
    const blocks = (this.#unread + chunk).split('\n\n');
    this.#unread = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) this.comments += 1;
      else this.events.push(eventOf(block));
    }
  }
}

function eventOf(block: string): Event {
  const [, name, data = ''] = /^event: (\w+)\ndata:(?: (.*))?$/.exec(block) ?? [];
  const content: unknown = data === '' ? null : JSON.parse(data);
  return event.parse({ event: name, data: content });
}

/** The parameters of a GET: texts as they are, anything else as JSON. */
export function searchOf(parameters: Readonly<Record<string, unknown>>): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) search.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return search;
}
