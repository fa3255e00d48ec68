/** A customer of the platform; a reseller is a customer that others name as their parent reseller. */
export interface Customer {
  readonly id: string;
  readonly name: string;
  /** Ids from the top of the reseller tree down to the customer itself, which is always the last. */
  readonly ancestorIds: readonly string[];
}
