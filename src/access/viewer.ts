/** The platform's access levels, the lowest first. */
export const ACCESS_LEVELS = [
  'NO_LOGIN',
  'PERSONAL',
  'VIEWER',
  'MANAGER',
  'OWNER',
  'RESELLER',
  'RESELLER_ADMIN',
  'ADMIN',
] as const;

export type AccessLevel = (typeof ACCESS_LEVELS)[number];

/** Scopes that give a token a use of its own, without an access level. */
export const SCOPES = ['status:report', 'customer:sync'] as const;

export type Scope = (typeof SCOPES)[number];

/** Whoever stands behind a valid token. */
export interface Viewer {
  /** Id of the employee, or of the machine, that the token was issued to. */
  readonly subject: string;
  /** Null for a token that only carries a scope. */
  readonly level: AccessLevel | null;
  /** Id of the customer that the employee belongs to. */
  readonly customerId: string | null;
  /** Those of the token's scopes that the gateway knows. */
  readonly scopes: readonly Scope[];
}
