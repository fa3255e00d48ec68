import { GatewayError } from '../errors/gateway-error.js';

/** What one subscription holds. Of what has equal keys a subject holds one, however often it has it. */
export interface WatchedThings {
  readonly subject: string;
  /** The filter and how many ids it names. */
  readonly filter: { readonly key: string; readonly ids: number };
  /** The request and about how many bytes it takes. */
  readonly request: { readonly key: string; readonly bytes: number };
}

/** How much of one thing may be held. */
interface Limit {
  readonly ofSubject: number;
  readonly ofProcess: number;
}

/** What the subscriptions of one process may hold, whatever they came by. */
export interface WatchLimits {
  readonly subscriptions: Limit;
  /** Ids of devices: some 300 bytes each. */
  readonly ids: Limit;
  /** Bytes of documents and variables. */
  readonly bytes: Limit;
}

const LIMITS: WatchLimits = {
  subscriptions: { ofSubject: 5_000, ofProcess: 50_000 },
  ids: { ofSubject: 100_000, ofProcess: 500_000 },
  bytes: { ofSubject: 16 * 1024 * 1024, ofProcess: 128 * 1024 * 1024 },
};

/** Leases parts of the budgets of one process to subscriptions. */
export class WatchBudget {
  readonly #subscriptions: Holdings;
  readonly #filters: Holdings;
  readonly #requests: Holdings;
  #count = 0;

  constructor(limits: Partial<WatchLimits> = {}) {
    const { subscriptions, ids, bytes } = { ...LIMITS, ...limits };
    this.#subscriptions = new Holdings('subscriptions', subscriptions);
    this.#filters = new Holdings('watched devices', ids);
    this.#requests = new Holdings('bytes of subscriptions', bytes);
  }

  /**
   * Takes what a subscription needs.
   * @returns gives it back
   * @throws OVERLOADED when the subject, or the process, holds as much as it may
   */
  take({ subject, filter, request }: WatchedThings): () => void {
    const taken: (() => void)[] = [];
    const giveBack = (): void => {
      for (const release of taken.splice(0)) release();
    };
    this.#count += 1;
    try {
      taken.push(this.#subscriptions.take(subject, String(this.#count), 1));
      taken.push(this.#filters.take(subject, filter.key, filter.ids));
      taken.push(this.#requests.take(subject, request.key, request.bytes));
    } catch (error) {
      giveBack();
      throw error;
    }
    return giveBack;
  }
}

interface Holding {
  readonly size: number;
  holders: number;
}

/** One kind of thing that subjects hold. */
class Holdings {
  readonly #subjects = new Map<string, { readonly held: Map<string, Holding>; total: number }>();
  #total = 0;

  constructor(
    private readonly name: string,
    private readonly limit: Limit,
  ) {}

  take(subject: string, key: string, size: number): () => void {
    const own = this.#subjects.get(subject) ?? { held: new Map<string, Holding>(), total: 0 };
    const holding = own.held.get(key) ?? { size, holders: 0 };
    if (holding.holders === 0) {
      if (own.total + size > this.limit.ofSubject) {
        throw full(`One subject has at most ${this.limit.ofSubject} ${this.name}.`);
      }
      if (this.#total + size > this.limit.ofProcess) throw full(`There are too many ${this.name}.`);
      own.total += size;
      this.#total += size;
      own.held.set(key, holding);
      this.#subjects.set(subject, own);
    }
    holding.holders += 1;
    return () => {
      holding.holders -= 1;
      if (holding.holders > 0) return;
      own.total -= size;
      this.#total -= size;
      own.held.delete(key);
      if (own.held.size === 0) this.#subjects.delete(subject);
    };
  }
}

function full(message: string): GatewayError {
  return new GatewayError('OVERLOADED', { message, retryAfterMs: 5_000 });
}
