import { z } from 'zod';
import type { AccessLevel } from '../../../src/access/viewer.js';
import type { TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';

/** An answer of the page. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body byte for byte. */
  readonly text: string;
  /** The body as JSON, undefined when there is none. */
  readonly body: unknown;
}

/** What a request to the page may have beside its path. */
export interface PageOptions {
  /** As whom; without it as a manager of the device's customer. Null sends no token. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gateway and its REST page. */
export interface Page {
  readonly gateway: TestGateway;
  readonly get: (device: Target, options?: PageOptions) => Promise<PageAnswer>;
  /** A body that is a text goes out as it is. */
  readonly post: (device: Target, body: unknown, options?: PageOptions) => Promise<PageAnswer>;
  readonly token: (level: AccessLevel, customer: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

type Target = Pick<TestDevice, 'id' | 'customer'>;

const KEYS = { WIFI_SECRET_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`, MAX_BODY_BYTES: '20000' };

/** Starts a gateway without data. */
export async function startPage(): Promise<Page> {
  const gateway = await startTestGateway(KEYS);
  const urlOf = (id: string): string =>
    new URL(`/network/device/${encodeURIComponent(id)}`, gateway.url).href;
  const send = async (
    { id, customer }: Target,
    { token, headers }: PageOptions,
    init: RequestInit,
  ): Promise<PageAnswer> => {
    const bearer = token === undefined ? await gateway.token('MANAGER', customer) : token;
    const response = await fetch(urlOf(id), {
      ...init,
      headers: {
        ...(init.method === 'POST' && { 'content-type': 'application/json' }),
        ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
        ...headers,
      },
    });
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, text, body };
  };
  return {
    gateway,
    get: async (device, options = {}) => await send(device, options, { method: 'GET' }),
    post: async (device, body, options = {}) =>
      await send(device, options, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    token: async (level, customer) => await gateway.token(level, customer),
    stop: async () => {
      await gateway.stop();
    },
  };
}

const pageObject = z.record(z.string(), z.unknown());

/** The body of an answer, which must be an object. */
export function objectOf({ body }: PageAnswer): Record<string, unknown> {
  return pageObject.parse(body);
}

/** A section of a page that was answered, which must be there. */
export function sectionOf(body: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  return pageObject.parse(body[name]);
}

/** The shape of every error of the page. */
export const pageError = z.strictObject({
  code: z.int(),
  message: z.string().min(1),
  description: z.string().min(1),
});

/** The number of times that a device's settings were changed, from its row. */
export async function versionOf({ gateway }: Page, { id }: Pick<TestDevice, 'id'>): Promise<number> {
  const { rows } = await gateway.sql.query('SELECT version FROM network_device WHERE id = $1', [id]);
  return z.tuple([z.object({ version: z.int() })]).parse(rows)[0].version;
}
