import type { Reach } from '../domain/reach.js';
import { type ReachKind, readReachKind, updateReachKind } from './policy.js';
import type { Viewer } from './viewer.js';

/** What the viewer reads: the same as `mayReadDevice` says device by device. */
export function readReach(viewer: Viewer): Reach {
  return reachOf(viewer, readReachKind(viewer));
}

/** What the viewer may change: the same as `mayUpdateDevice` says device by device. */
export function updateReach(viewer: Viewer): Reach {
  return reachOf(viewer, updateReachKind(viewer));
}

function reachOf(viewer: Viewer, kind: ReachKind): Reach {
  if (kind === 'all') return { kind };
  if (kind === 'none' || viewer.customerId === null) return { kind: 'nothing' };
  return { kind, customerId: viewer.customerId };
}
