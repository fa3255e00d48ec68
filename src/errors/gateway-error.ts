import { CATALOGUE, type ErrorCode } from './catalogue.js';

/** The codes that a single value of a request can be refused with. */
type ViolationCode = 'INVALID_VALUE' | 'MAC_ADDRESS_IN_USE' | 'VALUE_NOT_PERMITTED' | 'BAD_USER_INPUT';

/** One value of a request that breaks a rule. */
export interface Violation {
  /** Dotted path of the value that breaks a rule, as the client spelt it, e.g. `dhcp.reservedClients[2].mac`. */
  readonly path: string;
  readonly code: ViolationCode;
  /** A sentence for people. It never repeats the value, which may be a secret. */
  readonly message: string;
}

/** What is known about one error beside its code. Everything in here may leave the process. */
export interface ErrorFacts {
  readonly message?: string;
  readonly restMessage?: string;
  /** Maximum number: `MAX_VIOLATIONS`. */
  readonly violations?: readonly Violation[];
  /** How many violations there are beside those that are listed; absent when all of them are. */
  readonly moreViolations?: number;
  readonly deviceId?: string;
  readonly currentVersion?: number;
  /** In milliseconds. */
  readonly retryAfterMs?: number;
  /** Where this error is not as its code says. */
  readonly retryable?: boolean;
}

/** Any failure that clients get as an error: a code of the catalogue and public facts. A cause stays in the log. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    readonly code: ErrorCode,
    readonly facts: ErrorFacts = {},
    options?: ErrorOptions,
  ) {
    super(facts.message ?? CATALOGUE[code].message, options);
  }
}

/** Maximum number of violations that one error lists. */
const MAX_VIOLATIONS = 100;

/** The violation of a rule by one value. */
export function invalidValue(path: string, message: string): Violation {
  return { path, code: 'INVALID_VALUE', message };
}

/** @throws the error for values that break rules, unless there is none */
export function assertNoViolation(violations: readonly Violation[]): void {
  const [first, ...others] = violations;
  if (first !== undefined) throw inputError([first, ...others]);
}

/**
 * The error for values that break rules: its code, message and REST message repeat the first violation.
 * @param violations at least one, in the order of the input's fields; those beyond the maximum are counted only
 * @param about the device that the values are for, where one is known
 */
export function inputError(
  violations: readonly [Violation, ...Violation[]],
  about: Pick<ErrorFacts, 'deviceId'> = {},
): GatewayError {
  const [first] = violations;
  const more = violations.length - MAX_VIOLATIONS;
  return new GatewayError(first.code, {
    message: first.message,
    restMessage: restMessageOf(first),
    violations: violations.slice(0, MAX_VIOLATIONS),
    ...(more > 0 && { moreViolations: more }),
    ...about,
  });
}

/**
 * What the page calls the value that breaks a rule: its dotted path, but for a value outside a fixed set the name of the
 * field alone (the page: 409 `type`).
 */
export function restMessageOf(violation: Violation): string {
  switch (violation.code) {
    case 'INVALID_VALUE':
      return violation.path;
    case 'VALUE_NOT_PERMITTED':
      return violation.path.replaceAll(/\[\d+\]/g, '').replace(/^.*\./, '');
    case 'MAC_ADDRESS_IN_USE':
    case 'BAD_USER_INPUT':
      return CATALOGUE[violation.code].restMessage;
  }
}
