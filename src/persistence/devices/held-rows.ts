import type { IfHeld } from '../database/sql-builder.js';
import { isReached } from './reach.js';

/**
 * The query `held`: the rows `w` of `requested` whose devices are there, each device locked. A batch judges reach here, by the
 * tree of customers as it was when the statement began, as it waits for no row: PostgreSQL runs no statement of its own for each.
 */
export function heldRows(ifHeld: IfHeld): string {
  const ancestors = '(SELECT c.ancestor_ids FROM customer c WHERE c.id = d.customer_id)';
  const isBelow = `w.customer_id = ANY (${ancestors}::text[])`;
  const judged =
    ifHeld === '' ? '' : `, ${isReached('w.reach', 'w.customer_id', 'd', isBelow)} AS is_reached`;
  return `held AS (
    SELECT w.*${judged} FROM requested w JOIN network_device d ON d.id = (w.device).id
    FOR NO KEY UPDATE OF d ${ifHeld}
  )`;
}

/** A condition that the device `d` of a row `w` of `held` is within reach. A write alone may have waited for the row, while its customer moved in the tree. */
export function isHeldInReach(ifHeld: IfHeld): string {
  return ifHeld === '' ? isReached('w.reach', 'w.customer_id') : 'w.is_reached';
}
