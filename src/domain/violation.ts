/** A rule that a device's settings break. */
export interface RuleViolation {
  /** Dotted path of the value that breaks the rule. */
  readonly path: string;
  /** A sentence for people, without the value. */
  readonly message: string;
  /** Paths of every value the rule looked at: the violation counts only when one of them changes. */
  readonly involves: readonly string[];
}

/** A violation of the value at `path`, found by looking at that value and those at `others`. */
export function violation(path: string, message: string, others: readonly string[] = []): RuleViolation {
  return { path, message, involves: [path, ...others] };
}
