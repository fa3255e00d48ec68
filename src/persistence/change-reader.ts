import type { ChangeListener } from './change-listener.js';
import { ChangePosition, parseSnapshot, type Snapshot } from './change-snapshot.js';
import { RowReader } from './row-reader.js';

const SNAPSHOT = { name: 'snapshot', text: 'SELECT pg_current_snapshot()::text AS snapshot' };

const PAGE = 5_000;

/**
 * The changes of the transactions that have finished between two snapshots, in pages; the later one is the statement's own
 * for the first page. Transactions that were under way are named one by one, so that one that stays open for long makes
 * nobody read again what came after it. In the same statement others are told that there is something to read.
 * "After this xid and seq" is not written as one comparison of rows: PostgreSQL would begin at the oldest change that is kept.
 */
const CHANGES = {
  name: 'changes',
  text: `SELECT now.snapshot, c.* FROM (
      SELECT pg_current_snapshot()::text AS snapshot, (SELECT count(pg_notify(channel, $8)) FROM unnest($7::text[]) channel)
    ) now LEFT JOIN (
      SELECT xid::text AS xid, seq::text AS seq, device_id FROM (
        SELECT * FROM device_change WHERE xid > greatest($1::bigint - 1, $5::bigint)
        UNION ALL SELECT * FROM device_change WHERE xid = ANY($2::bigint[]) AND xid > $5::bigint
        UNION ALL SELECT * FROM device_change WHERE xid = $5::bigint AND seq > $6::bigint
      ) finished
      WHERE xid < $3::bigint AND xid <> ALL($4::bigint[])
      ORDER BY finished.xid, finished.seq LIMIT ${PAGE}
    ) c ON true`,
};

/** Every transaction that a statement sees lies below. */
const NO_BOUND = { xmax: 2n ** 63n - 1n, running: [] };

/** What others are told of. */
export interface Notices {
  readonly channels: readonly string[];
  readonly sender: string;
}

interface Moment {
  readonly snapshot: Snapshot;
  /** In milliseconds. */
  readonly at: number;
}

/** Reads changes, each once, however often the connection is another one. */
export class ChangeReader {
  readonly position = new ChangePosition();
  /** Where the reading goes that a broken connection left half done, and how far it came. */
  #unfinished: { readonly to: Moment; readonly after: readonly string[] } | undefined;

  /** @param tell is given the devices of every change that was committed since the last call; it may not throw */
  constructor(private readonly tell: (deviceIds: readonly string[]) => void) {}

  /**
   * Called for every new connection, before the first reading.
   * @returns whether changes were missed for good; those from now on are read
   */
  async begin(listener: ChangeListener): Promise<boolean> {
    const at = Date.now();
    const [row = {}] = await listener.query(SNAPSHOT);
    const snapshot = parseSnapshot(RowReader.of(row).text('snapshot'));
    const hasGap = this.position.hasGap(snapshot, at);
    if (hasGap) {
      this.position.reset();
      this.#unfinished = undefined;
    }
    if (this.position.seen === undefined) this.position.moveTo(snapshot, at);
    return hasGap;
  }

  /** Tells of what was committed since, and others that they are to look. */
  async read(listener: ChangeListener, { channels, sender }: Notices): Promise<void> {
    const { seen } = this.position;
    if (seen === undefined) return;
    const from = [seen.xmax, seen.running];
    let notified = channels;
    for (;;) {
      const at = Date.now();
      const { to, after } = this.#unfinished ?? { to: undefined, after: ['-1', '0'] };
      const { xmax, running } = to?.snapshot ?? NO_BOUND;
      const rows = await listener.query(CHANGES, [...from, xmax, running, ...after, notified, sender]);
      const now = to ?? { snapshot: parseSnapshot(RowReader.of(rows[0] ?? {}).text('snapshot')), at };
      const changes = rows.map((row) => RowReader.of(row)).filter((row) => row.textOrNull('xid') !== null);
      if (changes.length > 0) this.tell(changes.map((row) => row.text('device_id')));
      const last = changes.at(-1);
      if (last === undefined || changes.length < PAGE) {
        this.#unfinished = undefined;
        this.position.moveTo(now.snapshot, now.at);
        return;
      }
      this.#unfinished = { to: now, after: [last.text('xid'), last.text('seq')] };
      notified = [];
    }
  }
}
