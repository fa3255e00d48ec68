import type { Reach } from '../../domain/reach.js';

/** The customer that a reach is about. */
export function customerOf(reach: Reach): string | null {
  return 'customerId' in reach ? reach.customerId : null;
}

/**
 * An expression for the id of a device within reach; null for one that is out of reach, or that is not there. Both take
 * the same steps: one look into an index that holds reach and id together, which finds nothing, so that no row is read
 * and the time taken does not show which it was. The id is a range because otherwise the planner would look for it alone, in an index that does not hold the reach.
 * @param kind a literal, or an expression for the kind of a reach
 */
export function reachedId(kind: string, customer: string, id: string): string {
  return `CASE ${kind}
    WHEN 'own' THEN (SELECT n.id FROM network_device n WHERE n.customer_id = ${customer} AND n.id >= ${id} AND n.id <= ${id})
    WHEN 'below' THEN (SELECT r.device_id FROM device_reach r WHERE r.ancestor_id = ${customer} AND r.device_id >= ${id} AND r.device_id <= ${id})
    WHEN 'all' THEN ${id} END`;
}

/**
 * A condition that a row `d` of a device is within reach as it stands: a write asks it of the row that it has locked, which
 * may be another customer's by then.
 * @param device another alias of the row
 * @param isBelow a condition that the device's customer is below the other one; by default that is asked of the tree as it is
 *   at this very moment, not as it was when the statement began
 */
export function isReached(
  kind: string,
  customer: string,
  device = 'd',
  isBelow = `customer_is_below(${device}.customer_id, ${customer})`,
): string {
  return `CASE ${kind} WHEN 'own' THEN ${device}.customer_id = ${customer}
    WHEN 'below' THEN ${isBelow} ELSE ${kind} = 'all' END`;
}
