import { errorCode } from '../../errors/error-code.js';
import { once } from 'node:events';
import type { Server, ServerOptions } from 'node:http';
import { StartupError } from '../../errors/startup-error.js';

/** Slow clients do not keep a connection for longer than a request may take to arrive. */
export const SLOW_CLIENTS: ServerOptions = {
  requestTimeout: 6_000,
  headersTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  // Node's own refusal has no body.
  requireHostHeader: false,
};

/**
 * Lets a server listen.
 * @param portSetting name of the setting that the port is from
 * @returns its origin, e.g. `http://127.0.0.1:4000`
 * @throws StartupError when the port cannot be had
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  portSetting: string,
): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = errorCode(error) ?? '';
    const reasons: Readonly<Record<string, string>> = {
      EADDRINUSE: `${portSetting} ${port} on ${host} is in use by another program. Set ${portSetting} to another one, or to 0 for any that is free.`,
      EACCES: `${portSetting} ${port} on ${host} is not open to this account. Set ${portSetting} to one above 1023.`,
      EADDRNOTAVAIL: `HOST ${host} is no address of this machine. Set HOST to one that is, e.g. 127.0.0.1.`,
      ENOTFOUND: `HOST ${host} is not known. Set HOST to an address of this machine, e.g. 127.0.0.1.`,
    };
    const reason = reasons[code];
    throw reason === undefined ? error : new StartupError(reason);
  }
  return `http://${urlHost(host)}:${portOf(server)}`;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server does not listen on a port.');
  return address.port;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
