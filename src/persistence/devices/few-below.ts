import type { Reach } from '../../domain/reach.js';
import { type DeviceFilter, type DeviceSource, isWhole } from './device-filter.js';

/** Looks whether few devices below a reseller fit a filter, before anything else is done. */
export interface FewBelow {
  /** The CTEs that look. */
  readonly look: string;
  /** Whether they are few. Their ids are in `first`. */
  readonly areFew: string;
  /**
   * The rows of a query over the few, or else over all: one of its two parts finds nothing.
   * @param query is given what has to hold beside its own conditions of a device `d`
   */
  readonly fewOrAll: (query: (condition: string) => string) => string;
}

/** Maximum number of devices that are few: to find more costs as much as to walk a page of an order that many fit. */
const MAX_FEW = 500;

const ARE_FEW = '(SELECT yes FROM few)';

/**
 * The planner takes what fits a filter for spread evenly over all customers: it walks the order of all devices until a page is full, or
 * reads all that a reseller reaches. Where what fits belongs to others, that is most of the fleet. So statements first look in order
 * of id, until they have found more than few.
 * @param fits conditions of reach and filter
 */
export function fewBelow({ tables, keys }: DeviceSource, fits: string): FewBelow {
  return {
    look: `first AS MATERIALIZED (SELECT d.id FROM ${tables} WHERE ${fits} ORDER BY ${keys[0]} LIMIT ${MAX_FEW + 1}),
      few AS MATERIALIZED (SELECT count(*) <= ${MAX_FEW} AS yes FROM first)`,
    areFew: ARE_FEW,
    fewOrAll: (query) => `(${query(`d.id = ANY(ARRAY(SELECT id FROM first WHERE ${ARE_FEW}))`)})
      UNION ALL (${query(`NOT ${ARE_FEW}`)})`,
  };
}

/** Whether a list may be one of few among many devices of others: one of a reseller, and neither of all that it reaches nor of one customer. */
export function mayBeFewBelow(reach: Reach, filter: DeviceFilter): boolean {
  return (
    reach.kind === 'below' && !isWhole(filter) && filter.customerId === undefined && filter.ids === undefined
  );
}
