/** A moment of the database, as `pg_current_snapshot()` gives it: which transactions were finished. */
export interface Snapshot {
  /** Every transaction below was finished. */
  readonly xmin: bigint;
  /** No transaction from here on was finished. */
  readonly xmax: bigint;
  /** Those in between that were not finished. */
  readonly running: readonly bigint[];
}

/** Reads `xmin:xmax:running,running,…`. */
export function parseSnapshot(text: string): Snapshot {
  const [xmin = '', xmax = '', running = ''] = text.split(':');
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: running.split(',').filter(Boolean).map(BigInt) };
}

/** How long changes stay in the database after their commit. */
const KEPT_MS = 10 * 60_000;

/** Changes that are nearly as old may be deleted while they are being read. */
const MARGIN_MS = 60_000;

/** Resolution of the retention marks. */
const MARK_EVERY_MS = 1_000;

/** How far somebody has read the changes, and how far they are old enough to be deleted. */
export class ChangePosition {
  #seen: { readonly snapshot: Snapshot; readonly at: number } | undefined;
  /** The past, oldest first. */
  #marks: { readonly xmin: bigint; readonly at: number }[] = [];

  /** Every change of transactions that were finished then has been read; undefined at first. */
  get seen(): Snapshot | undefined {
    return this.#seen?.snapshot;
  }

  /** @param at when the snapshot was taken, in milliseconds */
  moveTo(snapshot: Snapshot, at: number): void {
    this.#seen = { snapshot, at };
    const latest = this.#marks.at(-1);
    if (latest !== undefined && at - latest.at < MARK_EVERY_MS) return;
    this.#marks.push({ xmin: snapshot.xmin, at });
    // The newest of those that are old enough says what may be deleted.
    this.#marks.splice(
      0,
      Math.max(
        0,
        this.#marks.findLastIndex((mark) => mark.at <= at - KEPT_MS),
      ),
    );
  }

  /** Whether changes that were not read may be gone from the database, which is now at this snapshot. */
  hasGap({ xmax }: Snapshot, now: number): boolean {
    if (this.#seen === undefined) return false;
    // A database that counts from a lower number is another one, or was set back to an older state.
    return now - this.#seen.at > KEPT_MS - MARGIN_MS || xmax < this.#seen.snapshot.xmin;
  }

  /** Changes of transactions below are older than anybody needs; undefined while none is known to be. */
  prunableBelow(now: number): bigint | undefined {
    return this.#marks.findLast(({ at }) => at <= now - KEPT_MS)?.xmin;
  }

  /** Forgets everything, after a gap. */
  reset(): void {
    this.#seen = undefined;
    this.#marks = [];
  }
}
