import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { describeCause } from '../logging/log.js';
import { ChangeLedger, parseChanges, type Snapshot } from './change-ledger.js';
import { type ChangeListener, openChangeListener } from './change-listener.js';
import type { RunStatement } from './database.js';
import { RowReader } from './row-reader.js';

/** Who is told. None of these may throw. */
interface ChangeHandlers {
  /** Every committed change of a device, whichever instance made it, once each; a device may stand there twice. */
  readonly onChanges: (deviceIds: readonly string[]) => void;
  /** There may be a new provisioning job; also called after each time that the connection was away. */
  readonly onJob: () => void;
  /** Changes were missed for good: whoever builds on them has to read anew. */
  readonly onGap: () => void;
}

/** What the feed works with. */
export interface ChangeFeedParts {
  /** Of the database. It must lead to PostgreSQL itself or to a pooler that keeps sessions. */
  readonly url: string;
  /** Runs on the pool what need not be heard. */
  readonly run: RunStatement;
  readonly handlers: ChangeHandlers;
  readonly log: Logger;
  /** How often the connection is tried; it counts as broken when it does not answer for as long. */
  readonly heartbeatMs: number;
}

/** Hears of changes until it is stopped. */
export interface ChangeFeed {
  /** Whether it has heard for the first time: no change from then on is missed, even while the connection is away. */
  readonly hasStarted: () => boolean;
  /** Resolved as soon as it has. */
  readonly started: Promise<void>;
  readonly stop: () => Promise<void>;
}

const SNAPSHOT = `SELECT pg_snapshot_xmin(s)::text AS xmin, pg_snapshot_xmax(s)::text AS xmax FROM pg_current_snapshot() s`;

/** The table is read page by page in the order of its key. */
const REPLAY = `SELECT xid::text AS xid, seq::text AS seq, device_id FROM device_change
  WHERE (xid, seq) > ($1::bigint, $2::bigint) ORDER BY xid, seq LIMIT 5000`;
const REPLAY_PAGE = 5_000;

const PRUNE = {
  name: 'prune-changes',
  text: 'DELETE FROM device_change WHERE xid < $1::bigint',
  kind: 'write',
} as const;
const PRUNE_EVERY_MS = 60_000;

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/** Starts to hear of changes, and goes on however often the connection breaks. */
export function startChangeFeed(parts: ChangeFeedParts): ChangeFeed {
  const { log } = parts;
  const stopping = new AbortController();
  const ledger = new ChangeLedger();
  let isStarted = false;
  let failures = 0;
  let tellStarted = (): void => undefined;
  const started = new Promise<void>((resolve) => (tellStarted = resolve));
  const onListening = (): void => {
    isStarted = true;
    failures = 0;
    tellStarted();
  };
  const isStopping = (): boolean => stopping.signal.aborted;
  const serve = async (): Promise<void> => {
    while (!isStopping()) {
      try {
        await listen(parts, ledger, stopping.signal, onListening);
      } catch (error) {
        if (isStopping()) return;
        log.warn({ cause: describeCause(error) }, 'the connection that hears of changes is away');
      }
      await pause(Math.min(MIN_RETRY_MS * 2 ** failures++, MAX_RETRY_MS), stopping.signal);
    }
  };
  const served = serve();
  return {
    hasStarted: () => isStarted,
    started,
    stop: async () => {
      stopping.abort();
      await served;
    },
  };
}

/** Hears until the connection breaks. */
async function listen(
  { url, run, handlers, log, heartbeatMs }: ChangeFeedParts,
  ledger: ChangeLedger,
  stopping: AbortSignal,
  onListening: () => void,
): Promise<void> {
  const tell = (changes: ReturnType<typeof parseChanges>): void => {
    const fresh = ledger.take(changes);
    if (fresh.length > 0) handlers.onChanges(fresh.map(({ deviceId }) => deviceId));
  };
  const listener = await openChangeListener(url, heartbeatMs, (channel, payload) => {
    if (channel === 'provisioning_job') handlers.onJob();
    else tell(parseChanges(payload));
  });
  try {
    if (ledger.replayFrom() === undefined) await beat(listener, ledger);
    await listener.query('LISTEN device_change');
    await listener.query('LISTEN provisioning_job');
    if (ledger.hasGap(await readSnapshot(listener), Date.now())) {
      ledger.reset();
      await beat(listener, ledger);
      handlers.onGap();
    }
    for await (const changes of replay(listener, ledger)) tell(changes);
    handlers.onJob();
    onListening();
    let prunedAt = Date.now();
    const ending = AbortSignal.any([stopping, listener.lost]);
    for (;;) {
      await pause(heartbeatMs, ending);
      ending.throwIfAborted();
      await beat(listener, ledger);
      if (Date.now() - prunedAt < PRUNE_EVERY_MS) continue;
      prunedAt = Date.now();
      // It takes as long as it takes: on the pool, and nobody waits for it.
      void prune(run, ledger, log);
    }
  } finally {
    await listener.close();
  }
}

async function beat(listener: ChangeListener, ledger: ChangeLedger): Promise<void> {
  ledger.beginBeat();
  ledger.endBeat(await readSnapshot(listener), Date.now());
}

async function readSnapshot({ query }: ChangeListener): Promise<Snapshot> {
  const [row = {}] = await query(SNAPSHOT);
  const reader = RowReader.of(row);
  return { xmin: BigInt(reader.text('xmin')), xmax: BigInt(reader.text('xmax')) };
}

/** The changes that may not have been told while nobody heard. */
async function* replay(
  { query }: ChangeListener,
  ledger: ChangeLedger,
): AsyncGenerator<ReturnType<typeof parseChanges>> {
  let after = { xid: String((ledger.replayFrom() ?? 0n) - 1n), seq: String(2n ** 63n - 1n) };
  for (;;) {
    const rows = (await query(REPLAY, [after.xid, after.seq])).map((row) => RowReader.of(row));
    yield rows.map((row) => ({ seq: Number(row.text('seq')), deviceId: row.text('device_id') }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < REPLAY_PAGE) return;
    after = { xid: last.text('xid'), seq: last.text('seq') };
  }
}

async function prune(run: RunStatement, ledger: ChangeLedger, log: Logger): Promise<void> {
  const below = ledger.prunableBelow(Date.now());
  if (below === undefined) return;
  await run(PRUNE, [String(below)]).catch((error: unknown) => {
    log.debug({ cause: describeCause(error) }, 'old changes are deleted later');
  });
}

async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stopping, ref: false }).catch(() => undefined);
}
