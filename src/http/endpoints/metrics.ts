import type { GatewayMetrics } from '../../metrics/gateway-metrics.js';
import type { EndpointHandler } from '../core/endpoint.js';

/** The metrics, for Prometheus. They hold counts and times only; who may ask is for the network to decide. */
export function metricsPage(metrics: GatewayMetrics): EndpointHandler {
  return async () => ({
    status: 200,
    headers: { 'content-type': metrics.contentType },
    body: await metrics.print(),
  });
}
