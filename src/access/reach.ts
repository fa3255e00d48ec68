import { readReach } from './policy.js';
import type { Viewer } from './viewer.js';

/** Which devices and customers a viewer reads in lists, as a condition that a store can put into its statement. */
export type ReadScope =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'own'; readonly customerId: string }
  /** Those of the customer and of all below it in the reseller tree. */
  | { readonly kind: 'below'; readonly customerId: string }
  | { readonly kind: 'all' };

/** What the viewer reads in lists: the same as `mayReadDevice` says device by device. */
export function readScope(viewer: Viewer): ReadScope {
  const reach = readReach(viewer);
  if (reach === 'all') return { kind: 'all' };
  if (reach === 'none' || viewer.customerId === null) return { kind: 'nothing' };
  return { kind: reach, customerId: viewer.customerId };
}
