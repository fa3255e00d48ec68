/** One committed change of a device: a row of `device_change`. */
export interface Change {
  /** Number of the change, unique in the database. */
  readonly seq: number;
  readonly deviceId: string;
}

/** A moment of the database, as `pg_current_snapshot()` tells it. */
export interface Snapshot {
  /** Every transaction below is finished. */
  readonly xmin: bigint;
  /** No transaction from here on has finished. */
  readonly xmax: bigint;
}

/** A snapshot's `xmin`, and when it was read in milliseconds. */
interface Horizon {
  readonly xmin: bigint;
  readonly at: number;
}

/** For so long changes stay in the database after their commit. */
const KEPT_MS = 10 * 60_000;

/** What is nearly so old may be deleted while it is still being read. */
const MARGIN_MS = 60_000;

const CHANGE = /^(\d{1,15}) ([0-9a-f]{24})$/;

/** Reads a notification: `seq deviceId,seq deviceId,…`. What is no change is left out. */
export function parseChanges(payload: string): readonly Change[] {
  return payload.split(',').flatMap((entry) => {
    const [, seq, deviceId] = CHANGE.exec(entry) ?? [];
    return seq === undefined || deviceId === undefined ? [] : [{ seq: Number(seq), deviceId }];
  });
}

/**
 * What a listener remembers so that it misses no change and tells none twice when its connection breaks: a horizon,
 * below which everything has been told, and the numbers of what was told beyond it.
 *
 * A notification may arrive a moment after its transaction counts as finished, so the horizon in use is not the
 * newest but the one before: a whole heartbeat lies between it and anything that may still be under way.
 */
export class ChangeLedger {
  readonly #told = new Set<number>();
  /** Told since the latest heartbeat began, and before it. */
  #open: number[] = [];
  #closing: number[] = [];
  /** Told by transactions below `xmax`, oldest first. */
  #closed: { readonly seqs: readonly number[]; readonly xmax: bigint }[] = [];
  #horizons: Horizon[] = [];

  /** Those of the changes that were not told before; from now on they were. */
  take(changes: readonly Change[]): readonly Change[] {
    return changes.filter(({ seq }) => {
      if (this.#told.has(seq)) return false;
      this.#told.add(seq);
      this.#open.push(seq);
      return true;
    });
  }

  /** Called before the snapshot of a heartbeat is asked for: what was told until now lies below its `xmax`. */
  beginBeat(): void {
    this.#closing = this.#closing.concat(this.#open);
    this.#open = [];
  }

  /** @param now in milliseconds */
  endBeat({ xmin, xmax }: Snapshot, now: number): void {
    if (this.#closing.length > 0) this.#closed.push({ seqs: this.#closing, xmax });
    this.#closing = [];
    this.#horizons.push({ xmin, at: now });
    const outdated = this.#horizons.findLastIndex(({ at }) => at <= now - KEPT_MS);
    // The newest of those that are old enough says what may be deleted.
    if (outdated > 0) this.#horizons.splice(0, outdated);
    const horizon = this.replayFrom();
    while (horizon !== undefined && this.#closed[0] !== undefined && this.#closed[0].xmax <= horizon) {
      for (const seq of this.#closed.shift()?.seqs ?? []) this.#told.delete(seq);
    }
  }

  /** Changes of transactions from here on may not have been told; undefined before the first heartbeat. */
  replayFrom(): bigint | undefined {
    return this.#horizon()?.xmin;
  }

  /** Whether changes that were not told may be gone from the database, which is now at this snapshot. */
  hasGap({ xmax }: Snapshot, now: number): boolean {
    const horizon = this.#horizon();
    if (horizon === undefined) return false;
    // A database that counts from a lower number is another one, or was set back to an older state.
    return now - horizon.at > KEPT_MS - MARGIN_MS || xmax < horizon.xmin;
  }

  /** Changes of transactions below are older than anybody needs; undefined while none is known to be. */
  prunableBelow(now: number): bigint | undefined {
    return this.#horizons.findLast(({ at }) => at <= now - KEPT_MS)?.xmin;
  }

  /** Forgets everything, after a gap. */
  reset(): void {
    this.#told.clear();
    this.#open = [];
    this.#closing = [];
    this.#closed = [];
    this.#horizons = [];
  }

  #horizon(): Horizon | undefined {
    return this.#horizons.at(-2) ?? this.#horizons.at(-1);
  }
}
