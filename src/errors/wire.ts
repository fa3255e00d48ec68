import { CATALOGUE, type ErrorCode } from './catalogue.js';
import { type GatewayError, restMessageOf } from './gateway-error.js';

/** The REST page's view of an error. */
interface RestError {
  readonly code: number;
  readonly message: string;
}

interface WireViolation {
  readonly path: string;
  readonly code: ErrorCode;
  readonly rest: RestError;
  readonly message: string;
}

/** The `extensions` of every error that leaves the gateway. */
export interface ErrorExtensions {
  readonly [key: string]: unknown;
  readonly code: ErrorCode;
  readonly rest: RestError;
  readonly violations?: readonly WireViolation[];
  readonly moreViolations?: number;
  readonly deviceId?: string;
  readonly currentVersion?: number;
  readonly retryAfterMs?: number;
  readonly retryable: boolean;
  readonly requestId: string;
}

/** The one place that turns an error into its wire format. */
export function toExtensions(error: GatewayError, requestId: string): ErrorExtensions {
  const { restCode, restMessage, retryable } = CATALOGUE[error.code];
  const { violations, moreViolations, deviceId, currentVersion, retryAfterMs } = error.facts;
  return {
    code: error.code,
    rest: { code: restCode, message: error.facts.restMessage ?? restMessage },
    ...(violations && {
      violations: violations.map((violation) => ({
        path: violation.path,
        code: violation.code,
        rest: { code: CATALOGUE[violation.code].restCode, message: restMessageOf(violation) },
        message: violation.message,
      })),
    }),
    ...(moreViolations !== undefined && { moreViolations }),
    ...(deviceId !== undefined && { deviceId }),
    ...(currentVersion !== undefined && { currentVersion }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    retryable: error.facts.retryable ?? retryable,
    requestId,
  };
}
