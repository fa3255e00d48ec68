/** Everything the wire and the log need to know of one kind of error. */
interface CatalogueEntry {
  /** The HTTP status that the REST page gives this error. */
  readonly restCode: number;
  /** The page's machine-readable message; errors about a value carry the value's path instead. */
  readonly restMessage: string;
  /** The public message, used where the error has none of its own. */
  readonly message: string;
  /** Whether the same request can succeed later without being changed. */
  readonly retryable: boolean;
  readonly logLevel: 'debug' | 'warn' | 'error';
}

const badRequest = (message: string): CatalogueEntry => ({
  restCode: 400,
  restMessage: 'bad_request',
  message,
  retryable: false,
  logLevel: 'debug',
});

/**
 * The error catalogue: code → REST status, REST message, public text. The first four rows stand in the error
 * table of the REST page ("Errors": 409 type, 403 access_denied, 422 macAddress, 500 internal_error).
 */
export const CATALOGUE = {
  VALUE_NOT_PERMITTED: {
    restCode: 409,
    restMessage: 'type',
    message: 'Value is not one of the permitted values.',
    retryable: false,
    logLevel: 'debug',
  },
  ACCESS_DENIED: {
    restCode: 403,
    restMessage: 'access_denied',
    message: 'Insufficient access level, or no such object within reach.',
    retryable: false,
    logLevel: 'debug',
  },
  MAC_ADDRESS_IN_USE: {
    restCode: 422,
    restMessage: 'macAddress',
    message: 'MAC address is already in use.',
    retryable: false,
    logLevel: 'debug',
  },
  INTERNAL_ERROR: {
    restCode: 500,
    restMessage: 'internal_error',
    message: 'Internal error. Quote the requestId when you report it.',
    retryable: false,
    logLevel: 'error',
  },
  INVALID_VALUE: {
    restCode: 422,
    restMessage: 'value',
    message: 'Value is not valid.',
    retryable: false,
    logLevel: 'debug',
  },
  NOT_FOUND: {
    restCode: 404,
    restMessage: 'id',
    message: 'There is no object with this id.',
    retryable: false,
    logLevel: 'debug',
  },
  UNAUTHENTICATED: {
    restCode: 401,
    restMessage: 'invalid_token',
    message: 'A valid access token is needed.',
    retryable: false,
    logLevel: 'debug',
  },
  VERSION_CONFLICT: {
    restCode: 409,
    restMessage: 'version',
    message: 'The device was changed by somebody else since this version.',
    retryable: false,
    logLevel: 'debug',
  },
  DEVICE_DELETING: {
    restCode: 409,
    restMessage: 'state',
    message: 'The device is being deleted and takes no more changes.',
    retryable: false,
    logLevel: 'debug',
  },
  IDEMPOTENCY_KEY_REUSED: {
    restCode: 422,
    restMessage: 'idempotencyKey',
    message: 'This idempotency key belongs to another call. Use a new key for a new call.',
    retryable: false,
    logLevel: 'debug',
  },
  MODEL_IN_USE: {
    restCode: 409,
    restMessage: 'id',
    message: 'A device has this model, so it cannot be deleted.',
    retryable: false,
    logLevel: 'debug',
  },
  DATABASE_UNAVAILABLE: {
    restCode: 503,
    restMessage: 'database_unavailable',
    message: 'The database is not available. Nothing was written.',
    retryable: true,
    logLevel: 'warn',
  },
  OUTCOME_UNKNOWN: {
    restCode: 503,
    restMessage: 'outcome_unknown',
    message:
      'The connection broke while a write was under way. Read the device, then repeat with expectedVersion.',
    retryable: false,
    logLevel: 'error',
  },
  OVERLOADED: {
    restCode: 503,
    restMessage: 'overloaded',
    message: 'The gateway has more to do than it can. Nothing was done; try again in a moment.',
    retryable: true,
    logLevel: 'warn',
  },
  RATE_LIMITED: {
    restCode: 429,
    restMessage: 'rate_limited',
    message: 'Too many requests. Wait as long as retryAfterMs says.',
    retryable: true,
    logLevel: 'debug',
  },
  BAD_REQUEST: badRequest('The request is malformed.'),
  GRAPHQL_PARSE_FAILED: badRequest('The GraphQL document cannot be parsed.'),
  GRAPHQL_VALIDATION_FAILED: badRequest('The GraphQL document does not fit the schema.'),
  BAD_USER_INPUT: badRequest('A variable does not fit its type.'),
  OPERATION_TOO_LARGE: badRequest('The operation is larger than this server accepts.'),
} as const satisfies Record<string, CatalogueEntry>;

/** The codes that clients find in `extensions.code`. */
export type ErrorCode = keyof typeof CATALOGUE;

/** Whether a text, e.g. the code of a foreign error, is one of ours. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(CATALOGUE, code);
}
