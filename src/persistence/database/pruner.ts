import type { Logger } from 'pino';
import { describeCause } from '../../logging/log.js';
import type { RunStatement, Statement } from './database.js';

/** What is kept for some time and then removed. */
export interface Prunable {
  /** As metrics name it. */
  readonly what: 'idempotency_keys';
  /** In milliseconds; 0 keeps for good. */
  readonly keepMs: number;
  /** Removes at most `PRUNE_STEP` rows that are older than its one value, in milliseconds, and returns a row for each. */
  readonly statement: Statement;
}

/** Maximum number of rows that one statement removes. */
export const PRUNE_STEP = 1_000;
/** Maximum number of steps of one round; what is left is removed in the next one. */
const MAX_STEPS = 100;
const ROUND_MS = 10_000;

/** How removing is watched. */
interface PrunerParts {
  readonly run: RunStatement;
  readonly prunables: readonly Prunable[];
  readonly log: Logger;
  readonly onRemoved: (what: Prunable['what'], count: number) => void;
}

/** Removes what is older than it is kept, in small steps: any number of processes at once. @returns what ends it */
export function startPruner({ run, prunables, log, onRemoved }: PrunerParts): () => Promise<void> {
  let isStopped = false;
  const prune = async ({ what, keepMs, statement }: Prunable): Promise<void> => {
    for (let step = 0; step < MAX_STEPS && !isStopped; step += 1) {
      const { length } = await run(statement, [keepMs]);
      if (length > 0) onRemoved(what, length);
      if (length < PRUNE_STEP) return;
    }
  };
  const round = async (): Promise<void> => {
    try {
      for (const prunable of prunables) if (prunable.keepMs > 0) await prune(prunable);
    } catch (error) {
      log.warn({ cause: describeCause(error) }, 'what is kept too long could not be removed');
    }
  };
  let running = round();
  const timer = setInterval(() => {
    running = running.then(round);
  }, ROUND_MS);
  timer.unref();
  return async () => {
    isStopped = true;
    clearInterval(timer);
    await running;
  };
}
