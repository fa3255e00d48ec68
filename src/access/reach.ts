import { readReach, type Reach, updateReach } from './policy.js';
import type { Viewer } from './viewer.js';

/** Which devices and customers a viewer reaches, as a condition that a store can put into its statement. */
export type ReadScope =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'own'; readonly customerId: string }
  /** Those of the customer and of all below it in the reseller tree. */
  | { readonly kind: 'below'; readonly customerId: string }
  | { readonly kind: 'all' };

/** What the viewer reads: the same as `mayReadDevice` says device by device. */
export function readScope(viewer: Viewer): ReadScope {
  return scopeOf(viewer, readReach(viewer));
}

/** What the viewer may change: the same as `mayUpdateDevice` says device by device. */
export function updateScope(viewer: Viewer): ReadScope {
  return scopeOf(viewer, updateReach(viewer));
}

function scopeOf(viewer: Viewer, reach: Reach): ReadScope {
  if (reach === 'all') return { kind: 'all' };
  if (reach === 'none' || viewer.customerId === null) return { kind: 'nothing' };
  return { kind: reach, customerId: viewer.customerId };
}
