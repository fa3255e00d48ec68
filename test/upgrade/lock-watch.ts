import type pg from 'pg';
import { setTimeout as delay } from 'node:timers/promises';

const LONGEST_WAIT = `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waiting.waitstart)), 0)::float8 * 1000 AS ms
  FROM pg_locks waiting
  JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS blocking(pid) ON true
  JOIN pg_stat_activity holder ON holder.pid = blocking.pid
  WHERE NOT waiting.granted AND holder.application_name = 'device-gateway-start'`;

const LOOK_MS = 20;

/** Looks again and again for how long anybody waits for a lock of a migration. @returns what ends it, and tells the longest wait in milliseconds */
export function watchMigrationLocks(sql: pg.Pool): () => Promise<number> {
  let isStopping = false;
  let longest = 0;
  const look = async (): Promise<void> => {
    while (!isStopping) {
      const { rows } = await sql.query<{ ms: number }>(LONGEST_WAIT);
      longest = Math.max(longest, rows[0]?.ms ?? 0);
      await delay(LOOK_MS);
    }
  };
  const looking = look();
  return async () => {
    isStopping = true;
    await looking;
    return longest;
  };
}
