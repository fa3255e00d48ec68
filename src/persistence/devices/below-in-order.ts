import { unseenText } from '../database/sql-builder.js';
import { reachedId } from './reach.js';

/** A page of all devices below a reseller, in an order other than that of ids. */
interface BelowInOrder {
  /** The placeholder of the reseller. */
  readonly reseller: string;
  /** What the order is by before the id: a column of a device `d`, the first one of an index, and the second one of an index by customer. */
  readonly column: string;
  readonly direction: 'ASC' | 'DESC';
  /** Conditions on `d`: where the page begins and ends. */
  readonly bounds: string;
  /** Maximum number of devices. */
  readonly limit: number;
}

/** Up to this number of customers their devices are merged at once: that costs less than to go through those of others. */
const FEW_CUSTOMERS = 500;
/** Maximum number of devices that are looked at in the order of all, those of others included. */
const MAX_WALKED = 2_000;

/**
 * Selects the ids of a page. No index holds the devices below a reseller in such an order: every update would have to write it,
 * once for each customer above. So the order of all devices is walked, which finds a page soon where the reseller has many
 * of them; where it does not, and where the reseller has few customers, the orders of its customers are merged. The
 * first device of each customer tells which customers can have one on the page: no more than there are places. Both ways
 * cost the same however many devices there are.
 */
export function belowInOrder({ reseller, column, direction, bounds, limit }: BelowInOrder): string {
  const devices = (condition: string, count: number): string =>
    `SELECT d.id, ${column} AS place FROM network_device d WHERE ${condition} AND ${bounds}
      ORDER BY ${column} ${direction}, d.id ${direction} LIMIT ${count}`;
  // Not a CTE: PostgreSQL before 17 forgets the order of one, and would look at all of its devices before it sorts them.
  const walked = devices('(SELECT yes FROM many)', MAX_WALKED);
  const inOrder = `ORDER BY place ${direction}, found.id ${direction} LIMIT ${limit}`;
  return `WITH below AS MATERIALIZED (SELECT id FROM customer WHERE ancestor_ids @> ARRAY[${unseenText(reseller)}]),
    many AS MATERIALIZED (
      SELECT count(*) > ${FEW_CUSTOMERS} AS yes FROM (SELECT FROM below LIMIT ${FEW_CUSTOMERS + 1}) counted
    ),
    near AS MATERIALIZED (
      SELECT id FROM (${walked}) found WHERE ${reachedId("'below'", reseller, 'found.id')} IS NOT NULL ${inOrder}
    ),
    enough AS MATERIALIZED (
      SELECT (SELECT yes FROM many)
        AND ((SELECT count(*) FROM near) = ${limit} OR (SELECT count(*) FROM (${walked}) walked) < ${MAX_WALKED}) AS yes
    ),
    owners AS MATERIALIZED (
      SELECT below.id FROM below CROSS JOIN LATERAL (${devices('d.customer_id = below.id', 1)}) found
      WHERE NOT (SELECT yes FROM enough) ${inOrder}
    ),
    merged AS (
      SELECT found.id FROM owners CROSS JOIN LATERAL (${devices('d.customer_id = owners.id', limit)}) found ${inOrder}
    )
    SELECT id FROM near WHERE (SELECT yes FROM enough) UNION ALL SELECT id FROM merged`;
}
