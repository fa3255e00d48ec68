import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { RawRow, Statement } from '../database/database.js';
import { REQUEST_TIMEOUTS, sessionConfig } from '../database/session.js';

/** A statement on such a connection; one with a name is parsed once. */
type ListenerStatement = Pick<Statement, 'name' | 'text'>;

/** A connection that listens for notifications. */
export interface ChangeListener {
  readonly query: (statement: ListenerStatement, values?: readonly unknown[]) => Promise<readonly RawRow[]>;
  /** Aborted when the connection breaks. */
  readonly lost: AbortSignal;
  /** Ends the connection; one that does not answer is dropped. */
  readonly close: () => Promise<void>;
}

/** How long the server may take to close a connection. */
const GOODBYE_MS = 500;

/**
 * Opens a connection of its own: notifications come to a session, and those of a pool change hands.
 * @param timeoutMs how long connecting, or one answer, may take
 */
export async function openChangeListener(
  url: string,
  timeoutMs: number,
  onNotification: (channel: string, payload: string) => void,
): Promise<ChangeListener> {
  // The driver's own `end` waits for the server, which may be a machine that is gone: this socket can be dropped.
  const socket = new Socket();
  const client = new pg.Client({
    ...sessionConfig(url, REQUEST_TIMEOUTS),
    application_name: 'device-gateway-listener',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    keepAlive: true,
    stream: () => socket,
  });
  client.on('notification', ({ channel, payload = '' }) => onNotification(channel, payload));
  const losing = new AbortController();
  client.on('error', (error) => losing.abort(error));
  client.on('end', () => losing.abort(new Error('The connection that hears of changes ended.')));
  const close = async (): Promise<void> => {
    const goodbye = client.end().catch(() => undefined);
    await Promise.race([goodbye, delay(GOODBYE_MS, undefined, { ref: false })]);
    socket.destroy();
  };
  try {
    await client.connect();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    query: async (statement, values = []) =>
      (await client.query<RawRow>({ ...statement, values: [...values] })).rows,
    lost: losing.signal,
    close,
  };
}
