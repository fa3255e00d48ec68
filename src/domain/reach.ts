/** Which devices and customers somebody reaches, as a condition that a store can put into its statement. */
export type Reach =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'own'; readonly customerId: string }
  /** Those of the customer and of all below it in the reseller tree. */
  | { readonly kind: 'below'; readonly customerId: string }
  | { readonly kind: 'all' };
