import { maySyncCustomers } from '../access/policy.js';
import type { Viewer } from '../access/viewer.js';
import {
  changesOfSync,
  type CustomerPatch,
  idsOfSync,
  type KnownCustomer,
  MAX_SYNCED,
  violationsOfSync,
} from '../domain/customer-sync.js';
import { parseId } from '../domain/id.js';
import { normalName } from '../domain/name.js';
import { assertNoViolation, GatewayError } from '../errors/gateway-error.js';
import type { CustomerStore } from '../persistence/devices/customer-store.js';
import { auditedBy } from './audited-by.js';

/** What the operation works with. */
export interface SyncParts {
  readonly customers: CustomerStore;
}

/** A customer as the answer shows it: a name that is null was not sent. */
export interface SyncedCustomer {
  readonly id: string;
  readonly name: string | null;
}

/**
 * Inserts or changes customers as the platform has them, all or nothing. Reach follows with the write.
 * @returns the customers in the order of the call; whoever is not ADMIN sees what it sent, and no more
 * @throws ACCESS_DENIED to others than ADMIN and holders of the scope, INVALID_VALUE with every violation
 */
export async function syncCustomers(
  { customers }: SyncParts,
  viewer: Viewer,
  patches: readonly CustomerPatch[],
  requestId: string,
): Promise<readonly SyncedCustomer[]> {
  if (!maySyncCustomers(viewer)) throw new GatewayError('ACCESS_DENIED');
  const isCountWrong = patches.length === 0 || patches.length > MAX_SYNCED;
  if (isCountWrong) assertNoViolation(violationsOfSync(patches, new Map()));
  let before: ReadonlyMap<string, KnownCustomer> = new Map();
  await customers.sync(idsOfSync(patches), (known) => {
    before = known;
    assertNoViolation(violationsOfSync(patches, known));
    const by = auditedBy(viewer, { requestId });
    return changesOfSync(patches, known).map((change) => ({
      change,
      audit: { ...by, objectType: 'CUSTOMER', action: 'SYNC', paths: change.paths },
    }));
  });
  return patches.map(({ id, name }) => {
    const known = viewer.level === 'ADMIN' ? before.get(parseId(id) ?? '') : undefined;
    return { id: parseId(id) ?? id, name: name ? normalName(name) : (known?.name ?? null) };
  });
}
