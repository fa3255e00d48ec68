import { devicePageRoute } from '../rest/device-page.js';
import type { Route } from './core/endpoint.js';
import { explorerFile, explorerPage } from './pages/explorer.js';
import { graphqlEndpoint, type GraphqlEndpointParts } from './endpoints/graphql-endpoint.js';
import { liveness, readiness, type ReadinessParts } from './endpoints/health.js';
import { homePage } from './pages/sandbox.js';
import { metricsPage } from './endpoints/metrics.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import { leadingBrowsers } from './pages/graphql-visit.js';
import { pageIcon } from './pages/icon.js';
import { schemaFile } from './endpoints/schema-file.js';

/** What the endpoints work with. */
export interface EndpointParts extends GraphqlEndpointParts, ReadinessParts {
  /** The schema as text; undefined where introspection is closed. */
  readonly printSchema: (() => string) | undefined;
  readonly metrics: GatewayMetrics;
}

/** What operators and their balancers ask any process for. */
export function operatorRoutes(parts: ReadinessParts & Pick<EndpointParts, 'metrics'>): readonly Route[] {
  return [
    { path: '/health/live', handlers: { GET: liveness } },
    { path: '/health/ready', handlers: { GET: readiness(parts) } },
    { path: '/metrics', handlers: { GET: metricsPage(parts.metrics) } },
  ];
}

/** Everything that is served, by path. */
export function gatewayRoutes(parts: EndpointParts): readonly Route[] {
  const graphql = graphqlEndpoint(parts);
  return [
    { path: '/graphql', handlers: { GET: leadingBrowsers(graphql), POST: graphql } },
    { path: '/', handlers: { GET: homePage } },
    { path: '/explorer', handlers: { GET: explorerPage } },
    { path: '/explorer/:file', handlers: { GET: explorerFile } },
    devicePageRoute(parts),
    { path: '/schema.graphql', handlers: { GET: schemaFile(parts.printSchema) } },
    ...operatorRoutes(parts),
    { path: '/favicon.ico', handlers: { GET: pageIcon } },
  ];
}
