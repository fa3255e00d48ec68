import { GatewayError } from '../errors/gateway-error.js';
import { mayUseGateway } from './policy.js';
import type { Viewer } from './viewer.js';

/**
 * The answer about an object that the viewer does not get: it is missing, out of reach, or the id is no id. These
 * look alike to everyone but ADMIN, because a difference would show which ids exist.
 */
export function refusal(viewer: Viewer): GatewayError {
  return new GatewayError(viewer.level === 'ADMIN' ? 'NOT_FOUND' : 'ACCESS_DENIED');
}

/** @throws ACCESS_DENIED for a level that may nothing */
export function assertMayUseGateway(viewer: Viewer): void {
  if (!mayUseGateway(viewer)) throw new GatewayError('ACCESS_DENIED');
}
