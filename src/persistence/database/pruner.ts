import type { Logger } from 'pino';
import { describeCause } from '../../logging/log.js';
import { pause } from '../../timing/pause.js';
import { startRounds } from '../../timing/rounds.js';
import type { RunStatement, Statement } from './database.js';

/** What is kept for some time and then removed. */
export interface Prunable {
  /** As metrics name it. */
  readonly what: 'jobs' | 'history' | 'audit' | 'idempotency_keys';
  /** In milliseconds; 0 keeps for good. */
  readonly keepMs: number;
  /**
   * Removes at most `PRUNE_STEP` rows that `isExpired`, and returns a row for each. It locks them and names them by `ctid`, which a
   * locked row keeps: no index is asked.
   */
  readonly statement: Statement;
}

/** Maximum number of rows that one statement removes. */
export const PRUNE_STEP = 1_000;
/** Maximum number of steps of one round; what is left is removed in the next one. */
const MAX_STEPS = 100;
const ROUND_MS = 10_000;
/** Between two full steps clients have the database for as many times as long as the step took. */
const REST = 3;
/** Other rounds look at rows whose time ran out lately; how far back, in milliseconds. */
const WINDOW_MS = 2 * 3_600_000;
/** All rows are looked at in each round while that is quick, else as seldom as this many times what the looks took that found none. */
const WHOLE_ROUND_PAUSE = 200;
/** Longer than anything is kept. */
const EVER_MS = 1e14;

/** The condition that the time of a row is over: `$1` is how long it is kept, `$2` how far back is looked beyond that, in milliseconds. */
export function isExpired(column: string): string {
  const ago = (milliseconds: string): string => `now() - ${milliseconds} * interval '1 millisecond'`;
  return `${column} < ${ago('$1::float8')} AND ${column} >= ${ago('($1::float8 + $2::float8)')}`;
}

/** How removing is watched. */
interface PrunerParts {
  readonly run: RunStatement;
  readonly prunables: readonly Prunable[];
  readonly log: Logger;
  readonly onRemoved: (what: Prunable['what'], count: number) => void;
}

/** Removes what is older than it is kept, in small steps: any number of processes at once. @returns what ends it */
export function startPruner({ run, prunables, log, onRemoved }: PrunerParts): () => Promise<void> {
  const stopping = new AbortController();
  /** @returns how long the look took that found no more, in milliseconds; null where some may be left */
  const prune = async ({ what, keepMs, statement }: Prunable, windowMs: number): Promise<number | null> => {
    for (let step = 0; step < MAX_STEPS && !stopping.signal.aborted; step += 1) {
      const begin = performance.now();
      const { length } = await run(statement, [keepMs, windowMs]);
      const took = performance.now() - begin;
      if (length > 0) onRemoved(what, length);
      if (length < PRUNE_STEP) return took;
      await pause(REST * took, stopping.signal);
    }
    return null;
  };
  let wholeDueAt = -Infinity;
  const round = async (): Promise<void> => {
    const isWhole = performance.now() >= wholeDueAt;
    try {
      const looks: (number | null)[] = [];
      for (const prunable of prunables) {
        if (prunable.keepMs > 0) looks.push(await prune(prunable, isWhole ? EVER_MS : WINDOW_MS));
      }
      // What is left of a whole round is looked for in the next one.
      if (!isWhole || looks.includes(null)) return;
      const took = looks.reduce<number>((sum, look) => sum + (look ?? 0), 0);
      wholeDueAt = performance.now() + WHOLE_ROUND_PAUSE * took;
    } catch (error) {
      log.warn({ cause: describeCause(error) }, 'what is kept too long could not be removed');
    }
  };
  const stopRounds = startRounds(round, ROUND_MS);
  return async () => {
    stopping.abort();
    await stopRounds();
  };
}
