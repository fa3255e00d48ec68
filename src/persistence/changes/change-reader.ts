import type { ChangeListener } from './change-listener.js';
import { ChangePosition, parseSnapshot, type Snapshot } from './change-snapshot.js';
import type { RawRow } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';

const SNAPSHOT = { name: 'snapshot', text: 'SELECT pg_current_snapshot()::text AS snapshot' };

/** Which cluster this is: another one counts its transactions differently. */
const CLUSTER = {
  name: 'cluster',
  text: 'SELECT system_identifier::text AS cluster FROM pg_control_system()',
};

/** The first transaction id that no visible row of this cluster can have. */
export const NEXT_XID = 'pg_snapshot_xmax(pg_current_snapshot())::text::bigint';

const PAGE = 5_000;

/** The snapshot of a statement that notifies the other instances. @param channels and `sender` are placeholders */
const notifyingSnapshot = (channels: string, sender: string): string =>
  `SELECT pg_current_snapshot()::text AS snapshot, (SELECT count(pg_notify(channel, ${sender})) FROM unnest(${channels}::text[]) channel)`;

/**
 * The changes of the transactions that have finished between two snapshots, in pages; the later one is the statement's own
 * for the first page. Transactions that were under way are named one by one, so that nothing is read twice because one
 * of them stays open for long. The same statement notifies the other instances that there is something to read.
 * "After this xid and seq" is not written as one comparison of rows: PostgreSQL would begin at the oldest change that is kept.
 *
 * A restored row brings the transaction id of the cluster that it comes from. It is recognised by `xmin`, the transaction that
 * stored the row here: a row's own id is that one, or in a subtransaction a lower one, and never a higher one (modulo 2^32).
 */
const CHANGES = {
  name: 'changes',
  text: `SELECT now.snapshot, c.* FROM (
      ${notifyingSnapshot('$7', '$8')}
    ) now LEFT JOIN (
      SELECT xid::text AS xid, seq::text AS seq, device_id FROM (
        SELECT *, xmin AS stored_by FROM device_change WHERE xid > greatest($1::bigint - 1, $5::bigint)
        UNION ALL SELECT *, xmin FROM device_change WHERE xid = ANY($2::bigint[]) AND xid > $5::bigint
        UNION ALL SELECT *, xmin FROM device_change WHERE xid = $5::bigint AND seq > $6::bigint
      ) finished
      WHERE xid < least($3::bigint, ${NEXT_XID}) AND xid <> ALL($4::bigint[])
        AND ((xid - stored_by::text::bigint) & 4294967295) NOT BETWEEN 1 AND 2147483647
      ORDER BY finished.xid, finished.seq LIMIT ${PAGE}
    ) c ON true`,
};

/** Notifies the other instances, and passes the changes over. */
const PASS_OVER = {
  name: 'pass-over-changes',
  text: notifyingSnapshot('$1', '$2'),
};

/** Every transaction that a statement sees lies below. */
const NO_BOUND: Snapshot = { xmin: 0n, xmax: 2n ** 63n - 1n, running: [] };

/** Where a page of changes ended. */
interface RowPosition {
  readonly xid: string;
  readonly seq: string;
}

/** Before all changes. */
const FIRST_POSITION: RowPosition = { xid: '-1', seq: '0' };

/** What the other instances are notified of. */
export interface Notices {
  readonly channels: readonly string[];
  readonly sender: string;
}

/** Who the changes are read for. Neither function may throw. */
export interface ChangeReceiver {
  /** Whether there are subscribers: without them changes are passed over. */
  readonly isWatched: () => boolean;
  /** Every change that was committed while there are subscribers, whichever instance made it, once each; a device may stand there twice. */
  readonly onChanges: (deviceIds: readonly string[]) => void;
}

/** One page to read. */
interface ChangePage {
  /** What was finished then was read before. */
  readonly seen: Snapshot;
  /** What was not finished then is left for later; undefined for the statement's own snapshot. */
  readonly bound: Snapshot | undefined;
  readonly after: RowPosition;
  readonly notify: Notices;
}

/** The parameters of `CHANGES`, from $1 on. */
function valuesOf({ seen, bound = NO_BOUND, after, notify }: ChangePage): readonly unknown[] {
  return [
    seen.xmax,
    seen.running,
    bound.xmax,
    bound.running,
    after.xid,
    after.seq,
    notify.channels,
    notify.sender,
  ];
}

interface DatedSnapshot {
  readonly snapshot: Snapshot;
  /** In milliseconds. */
  readonly at: number;
}

/** Reads changes, each once, however often the connection is another one. */
export class ChangeReader {
  readonly position = new ChangePosition();
  /** Where the reading goes that a broken connection left half done, and how far it came. */
  #unfinished: { readonly to: DatedSnapshot; readonly after: RowPosition } | undefined;
  /** The cluster that the position belongs to; undefined while that is not known. */
  #cluster: string | undefined;

  constructor(private readonly receiver: ChangeReceiver) {}

  /**
   * Called for every new connection, before the first reading.
   * @returns whether changes were missed for good; those from now on are read
   */
  async begin(listener: ChangeListener): Promise<boolean> {
    const at = Date.now();
    const cluster = await clusterOf(listener);
    const snapshot = snapshotOf(await listener.query(SNAPSHOT));
    const isOther = cluster !== undefined && this.#cluster !== undefined && cluster !== this.#cluster;
    const hasGap = isOther || this.position.hasGap(snapshot, at);
    if (hasGap) {
      this.position.reset();
      this.#unfinished = undefined;
    }
    this.#cluster = cluster ?? this.#cluster;
    if (this.position.seen === undefined) this.position.moveTo(snapshot, at);
    return hasGap;
  }

  /** Hands on what was committed since the last reading, where there are subscribers, and notifies the other instances. */
  async read(listener: ChangeListener, notices: Notices): Promise<void> {
    const { seen } = this.position;
    if (seen === undefined) return;
    let notify = notices;
    if (!this.receiver.isWatched() && this.#unfinished === undefined) {
      const at = Date.now();
      const { channels, sender } = notices;
      const snapshot = snapshotOf(await listener.query(PASS_OVER, [channels, sender]));
      // Who has subscribed meanwhile is owed what was committed before the snapshot was taken.
      if (!this.receiver.isWatched()) {
        this.position.moveTo(snapshot, at);
        return;
      }
      notify = { ...notices, channels: [] };
    }
    for (;;) {
      const at = Date.now();
      const { to, after } = this.#unfinished ?? { to: undefined, after: FIRST_POSITION };
      const rows = await listener.query(CHANGES, valuesOf({ seen, bound: to?.snapshot, after, notify }));
      const now = to ?? { snapshot: snapshotOf(rows), at };
      const changes = rows.map((row) => RowReader.of(row)).filter((row) => row.textOrNull('xid') !== null);
      if (changes.length > 0) this.receiver.onChanges(changes.map((row) => row.text('device_id')));
      const last = changes.at(-1);
      if (last === undefined || changes.length < PAGE) {
        this.#unfinished = undefined;
        this.position.moveTo(now.snapshot, now.at);
        return;
      }
      this.#unfinished = { to: now, after: { xid: last.text('xid'), seq: last.text('seq') } };
      notify = { ...notices, channels: [] };
    }
  }
}

function snapshotOf([row = {}]: readonly RawRow[]): Snapshot {
  return parseSnapshot(RowReader.of(row).text('snapshot'));
}

/** Undefined where the server does not say, e.g. because the user may not ask. */
async function clusterOf(listener: ChangeListener): Promise<string | undefined> {
  const [row] = await listener.query(CLUSTER).catch(() => []);
  return row && RowReader.of(row).text('cluster');
}
