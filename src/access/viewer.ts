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

/** The scopes that the gateway knows. */
export const SCOPES = ['status:report', 'customer:sync', 'documents:any'] as const;

export type Scope = (typeof SCOPES)[number];

/** Whether a scope gives a token a use of its own, without an access level. */
export function isUsefulAlone(scope: Scope): boolean {
  return scope !== 'documents:any';
}

/** The subject of a valid token, with its rights. */
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
