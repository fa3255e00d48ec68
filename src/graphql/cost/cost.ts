/** How long something is: as a rule, and at most. */
export interface Size {
  readonly usual: number;
  readonly largest: number;
}

/** What an operation may cause. */
export interface Cost {
  /** Calls of resolvers, lists, objects in lists, and entries of lists in arguments. */
  readonly work: number;
  /** Bytes of the answer where every value is as long as it usually is. */
  readonly usualBytes: number;
  /** Bytes of the answer where every value is as long as it may be. */
  readonly largestBytes: number;
  /** Times that all records of a list are counted. */
  readonly counts: number;
  /** The usual bytes that show the schema itself: what needs no token. */
  readonly schemaBytes: number;
}

/** The cost of nothing. */
export const NO_COST: Cost = { work: 0, usualBytes: 0, largestBytes: 0, counts: 0, schemaBytes: 0 };

/** The cost of both. */
export function plus(one: Cost, other: Cost): Cost {
  return {
    work: one.work + other.work,
    usualBytes: one.usualBytes + other.usualBytes,
    largestBytes: one.largestBytes + other.largestBytes,
    counts: one.counts + other.counts,
    schemaBytes: one.schemaBytes + other.schemaBytes,
  };
}

/** The cost of that many. */
export function times({ work, usualBytes, largestBytes, counts, schemaBytes }: Cost, many: Size): Cost {
  return {
    work: work * many.usual,
    usualBytes: usualBytes * many.usual,
    // Zero times without a bound is nothing.
    largestBytes: many.largest === 0 ? 0 : largestBytes * many.largest,
    counts: counts * many.usual,
    schemaBytes: schemaBytes * many.usual,
  };
}
