import type { IncomingHttpHeaders } from 'node:http';

/** Request headers that pages may send: what the gateway reads, and what libraries add to every request. */
const REQUEST_HEADERS = [
  'content-type',
  'content-encoding',
  'authorization',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'x-request-id',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'last-event-id',
  // Set by pages that want no cache, although no answer may be kept.
  'cache-control',
  'pragma',
  // Names of clients and operations: Apollo, Hive, GraphQL over HTTP, and what distinguishes a page from a form.
  'apollographql-client-name',
  'apollographql-client-version',
  'x-apollo-operation-id',
  'x-apollo-operation-type',
  'x-apollo-request-uuid',
  'graphql-client-name',
  'graphql-client-version',
  'x-graphql-client-name',
  'x-graphql-client-version',
  'graphql-require-preflight',
  'x-requested-with',
  // Tracing: W3C, B3, Sentry, Datadog, New Relic, Elastic, Application Insights, AWS, Google.
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'x-b3-sampled',
  'x-b3-flags',
  'sentry-trace',
  'x-datadog-origin',
  'x-datadog-parent-id',
  'x-datadog-sampling-priority',
  'x-datadog-tags',
  'x-datadog-trace-id',
  'newrelic',
  'elastic-apm-traceparent',
  'request-id',
  'request-context',
  'x-correlation-id',
  'x-amzn-trace-id',
  'x-cloud-trace-context',
];

/** How long a browser need not ask again; Chromium keeps no answer for longer. */
const MAX_AGE_S = '7200';

/** What every answer depends on, so that no cache hands the answer for one origin or coding to another. */
export const VARY = 'origin, accept-encoding';

/** Which pages may call the gateway from a browser, and how. */
export interface CorsPolicy {
  /** The headers that let a page of another origin read an answer; none for an origin that is not on the list. */
  readonly answerHeaders: (headers: IncomingHttpHeaders) => Readonly<Record<string, string>>;
  /** The further headers that answer a browser's question whether it may send a request at all. */
  readonly preflightHeaders: (
    headers: IncomingHttpHeaders,
    methods: string,
  ) => Readonly<Record<string, string>>;
}

/**
 * The policy for these origins. Tokens come in a header that no browser adds by itself, so credentials are not allowed.
 * @param moreHeaders request headers that pages may send beside those that they always may, in lower case
 */
export function corsPolicy(origins: readonly string[], moreHeaders: readonly string[]): CorsPolicy {
  const allowed = new Set(origins);
  const requestHeaders = [...new Set([...REQUEST_HEADERS, ...moreHeaders])].join(', ');
  return {
    answerHeaders: ({ origin }) =>
      origin === undefined || !allowed.has(origin)
        ? {}
        : {
            'access-control-allow-origin': origin,
            'access-control-expose-headers': 'x-request-id, etag, retry-after, idempotency-replayed',
          },
    preflightHeaders: (headers, methods) => {
      const isAllowed = headers.origin !== undefined && allowed.has(headers.origin);
      if (!isAllowed || headers['access-control-request-method'] === undefined) return {};
      return {
        'access-control-allow-methods': methods,
        'access-control-allow-headers': requestHeaders,
        'access-control-max-age': MAX_AGE_S,
      };
    },
  };
}
