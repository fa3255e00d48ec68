import type { TestGateway } from './gateway.js';

/** How many statements of a gateway's database wait for a lock. */
export async function lockWaits({ sql }: Pick<TestGateway, 'sql'>): Promise<number> {
  const { rowCount } = await sql.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rowCount ?? 0;
}
