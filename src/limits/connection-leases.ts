import type { Credential } from '../auth/credential.js';
import { GatewayError } from '../errors/gateway-error.js';

/** Connections that one process keeps open; a few hundred megabytes of them. */
const MAX_OPEN = 10_000;

/**
 * Of those, as many may be one subject's, and as many one network's whose subjects are not known yet: a portal that opens
 * its sockets anew all at once, and still far from all.
 */
const MAX_OF_ONE = 2_000;

const RETRY_AFTER_MS = 5_000;

/** The lease of one open connection. */
export interface ConnectionLease {
  /**
   * Whose it is: it counts for its subject from now on, and no longer for its network. Connections without a valid token stay counted for their network.
   * @throws OVERLOADED when the subject has as many as it may
   */
  readonly assignTo: (credential: Credential) => void;
  /** Whose it is at the moment: a subject, or a network whose subject is not known. */
  readonly client: () => string;
  readonly release: () => void;
}

/**
 * Acquires a lease for a connection from this network.
 * @throws OVERLOADED when the network, or the process, has as many as it may
 */
export type AcquireConnection = (network: string) => ConnectionLease;

/** The leases of one process. A portal's subscribers come from one address, so what counts is the subject once it is known. */
export function connectionLeases(maxOpen = MAX_OPEN, maxOfOne = MAX_OF_ONE): AcquireConnection {
  let open = 0;
  const networks = tally(maxOfOne);
  const subjects = tally(maxOfOne);
  return (network) => {
    if (open >= maxOpen || !networks.add(network)) throw full('Too many connections are open.');
    open += 1;
    let state: 'unassigned' | 'assigned' | 'released' = 'unassigned';
    let giveBack = (): void => networks.remove(network);
    let client = `network ${network}`;
    return {
      client: () => client,
      assignTo: (credential) => {
        if (state !== 'unassigned' || !('viewer' in credential)) return;
        const { subject } = credential.viewer;
        if (!subjects.add(subject)) throw full('This subject has too many connections open.');
        giveBack();
        giveBack = () => subjects.remove(subject);
        client = `subject ${subject}`;
        state = 'assigned';
      },
      release: () => {
        if (state === 'released') return;
        state = 'released';
        giveBack();
        open -= 1;
      },
    };
  };
}

function full(message: string): GatewayError {
  return new GatewayError('OVERLOADED', { message, retryAfterMs: RETRY_AFTER_MS });
}

/** Counts by key, up to a limit; what is not there any more takes no memory. */
function tally(limit: number): {
  readonly add: (key: string) => boolean;
  readonly remove: (key: string) => void;
} {
  const counts = new Map<string, number>();
  return {
    add: (key) => {
      const count = counts.get(key) ?? 0;
      if (count >= limit) return false;
      counts.set(key, count + 1);
      return true;
    },
    remove: (key) => {
      const count = (counts.get(key) ?? 0) - 1;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
    },
  };
}
