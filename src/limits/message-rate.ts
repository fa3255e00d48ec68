import { type RateBudget, RateLimiter } from './rate-limiter.js';

/** What a client may send over its WebSockets: as much at once, and as much again in each period. Control frames are messages, too. */
interface MessageBudgets {
  /** Of one connection: a page that opens all its subscriptions at once has several hundred. */
  readonly ofConnection: RateBudget;
  /** Of all connections of one subject, or of one network whose subject is not known. */
  readonly ofClient: RateBudget;
}

const BUDGETS: MessageBudgets = {
  ofConnection: { count: 1_000, periodMs: 10_000 },
  ofClient: { count: 20_000, periodMs: 10_000 },
};

/** A message counts as one more for each of these: it takes as long to read as several short ones. */
const UNIT_BYTES = 10_000;

/** Maximum number of messages that one counts as, so that none is beyond the whole budget. */
const MAX_UNITS = 100;

/** Maximum number of clients that are remembered. */
const MAX_CLIENTS = 50_000;

/** Counts a message of one connection. @returns false when its client has sent too much */
export type CountMessage = (bytes: number) => boolean;

/**
 * Counts messages, for each connection and each client.
 * @returns what counts for one connection; `clientOf` says whose it is at the moment
 */
export function messageCounter(budgets: MessageBudgets = BUDGETS): (clientOf: () => string) => CountMessage {
  const clients = new RateLimiter(budgets.ofClient, MAX_CLIENTS);
  return (clientOf) => {
    const own = new RateLimiter(budgets.ofConnection, 1);
    return (bytes) => {
      const units = Math.min(1 + Math.floor(bytes / UNIT_BYTES), MAX_UNITS);
      return own.take('', units) === 0 && clients.take(clientOf(), units) === 0;
    };
  };
}
