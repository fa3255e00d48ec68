import { endablePause, pause } from '../../timing/pause.js';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { describeCause } from '../../logging/log.js';
import { type ChangeListener, openChangeListener } from './change-listener.js';
import { ChangeReader, type ChangeReceiver, NEXT_XID } from './change-reader.js';
import type { RunStatement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';

/** Called by the feed. None of these may throw. */
interface ChangeHandlers extends ChangeReceiver {
  /** There may be a new provisioning job; also called after each time that the connection was broken. */
  readonly onJob: () => void;
  /** Changes were missed for good: whoever depends on them must read anew. */
  readonly onGap: () => void;
}

/** What the feed works with. */
export interface ChangeFeedParts {
  /** Of the database. It must lead to PostgreSQL itself or to a pooler that keeps sessions. */
  readonly url: string;
  /** Runs on the pool what needs no connection of its own. */
  readonly run: RunStatement;
  readonly handlers: ChangeHandlers;
  readonly log: Logger;
  /** How often changes are read without a notice. */
  readonly heartbeatMs: number;
}

/** Listens for changes until it is stopped. */
export interface ChangeFeed {
  /** Whether it has listened once: no change from then on is missed, even while the connection is broken. */
  readonly hasStarted: () => boolean;
  /** Resolved as soon as it has. */
  readonly started: Promise<void>;
  /** This process may have committed changes: they are read here, and the other instances are notified, within `BATCH_MS`. */
  readonly changed: () => void;
  /** This process has queued a job and does not take it up itself. */
  readonly jobQueued: () => void;
  readonly stop: () => Promise<void>;
}

type Channel = 'device_change' | 'provisioning_job';

/** Minimum time between two readings: changes that come within it are read together. */
const BATCH_MS = 20;

/** Number of heartbeats without an answer after which the connection counts as broken. */
const PATIENCE_BEATS = 5;

/** Maximum number of rows of each kind that one statement deletes, so that none lasts long. */
const PRUNE_STEP = 10_000;

/** Deletes changes that are old, and those that a restored database brought along whose transactions lie ahead of its own. */
const PRUNE = {
  name: 'prune-changes',
  text: `WITH deleted AS (
      DELETE FROM device_change WHERE ctid = ANY(ARRAY(
        (SELECT ctid FROM device_change WHERE xid < $1::bigint ORDER BY xid LIMIT ${PRUNE_STEP})
        UNION ALL
        (SELECT ctid FROM device_change WHERE xid >= ${NEXT_XID} ORDER BY xid LIMIT ${PRUNE_STEP})
      )) RETURNING device_id
    ) SELECT count(*)::integer AS deleted FROM deleted`,
  onLostConnection: 'unknown',
} as const;
const PRUNE_EVERY_MS = 60_000;

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** Starts to listen for changes, and goes on however often the connection breaks. */
export function startChangeFeed(parts: ChangeFeedParts): ChangeFeed {
  const feed = new Feed(parts);
  const served = feed.serve();
  return {
    hasStarted: () => feed.hasStarted,
    started: feed.started,
    changed: () => feed.announce('device_change'),
    jobQueued: () => feed.announce('provisioning_job'),
    stop: async () => {
      feed.stopping.abort();
      await served;
    },
  };
}

class Feed {
  readonly stopping = new AbortController();
  readonly started: Promise<void>;
  hasStarted = false;
  readonly #parts: ChangeFeedParts;
  readonly #reader: ChangeReader;
  /** What the other instances are to be notified of. */
  readonly #pendingNotices = new Set<Channel>();
  /** Distinguishes this instance's own notices from those of others. */
  readonly #name = randomUUID();
  #resolveStarted = (): void => undefined;
  #isNotified = false;
  #wake = (): void => undefined;
  #failures = 0;
  #prunedAt = -Infinity;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
    this.#reader = new ChangeReader(parts.handlers);
    this.started = new Promise((resolve) => (this.#resolveStarted = resolve));
  }

  announce(channel: Channel): void {
    this.#pendingNotices.add(channel);
    this.#notify();
  }

  #notify(): void {
    this.#isNotified = true;
    this.#wake();
  }

  async serve(): Promise<void> {
    const { signal } = this.stopping;
    const isStopping = (): boolean => signal.aborted;
    while (!isStopping()) {
      try {
        await this.#listen();
      } catch (error) {
        if (isStopping()) return;
        this.#parts.log.warn({ cause: describeCause(error) }, 'the connection that hears of changes is away');
      }
      await pause(Math.min(MIN_RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS), signal);
    }
  }

  /** Listens until the connection breaks. */
  async #listen(): Promise<void> {
    const { url, handlers, heartbeatMs } = this.#parts;
    const listener = await openChangeListener(url, PATIENCE_BEATS * heartbeatMs, (channel, sender) => {
      if (sender === this.#name) return;
      if (channel === 'provisioning_job') handlers.onJob();
      else this.#notify();
    });
    try {
      await listener.query({ text: 'LISTEN device_change' });
      await listener.query({ text: 'LISTEN provisioning_job' });
      if (await this.#reader.begin(listener)) handlers.onGap();
      await this.#readChanges(listener);
      handlers.onJob();
      this.hasStarted = true;
      this.#failures = 0;
      this.#resolveStarted();
      const ending = AbortSignal.any([this.stopping.signal, listener.lost]);
      for (;;) {
        await this.#untilNotified(ending);
        ending.throwIfAborted();
        await this.#readChanges(listener);
        // Not awaited: it runs on the pool, and no reading depends on it.
        void this.#prune();
      }
    } finally {
      await listener.close();
    }
  }

  /** Waits for the next change, or a heartbeat. */
  async #untilNotified(ending: AbortSignal): Promise<void> {
    await pause(BATCH_MS, ending);
    if (!this.#isNotified) {
      const { ended, end } = endablePause(this.#parts.heartbeatMs);
      this.#wake = end;
      ending.addEventListener('abort', end, { once: true });
      if (ending.aborted) end();
      await ended;
      ending.removeEventListener('abort', end);
    }
    this.#isNotified = false;
  }

  /** Notifies the others, after the commit, and reads. Where a notice was lost with a connection, they read at their next heartbeat. */
  async #readChanges(listener: ChangeListener): Promise<void> {
    const channels = [...this.#pendingNotices];
    this.#pendingNotices.clear();
    await this.#reader.read(listener, { channels, sender: this.#name });
  }

  async #prune(): Promise<void> {
    const { run, log } = this.#parts;
    const { signal } = this.stopping;
    if (Date.now() - this.#prunedAt < PRUNE_EVERY_MS) return;
    this.#prunedAt = Date.now();
    const below = String(this.#reader.position.prunableBelow(Date.now()) ?? 0);
    try {
      for (let deleted = PRUNE_STEP; deleted >= PRUNE_STEP && !signal.aborted;) {
        const [row = {}] = await run(PRUNE, [below]);
        deleted = RowReader.of(row).int('deleted');
      }
    } catch (error) {
      log.debug({ cause: describeCause(error) }, 'old changes are deleted later');
    }
  }
}
