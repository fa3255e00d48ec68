import type { Customer } from '../domain/customer.js';
import type { AccessLevel, Viewer } from './viewer.js';

/** Whose devices: nobody's, the own customer's, also those of all customers below in the reseller tree, everybody's. */
export type ReachKind = 'none' | 'own' | 'below' | 'all';

interface Rights {
  readonly read: ReachKind;
  readonly update: ReachKind;
  readonly readSecrets: ReachKind;
}

const NO_RIGHTS: Rights = { read: 'none', update: 'none', readSecrets: 'none' };
const OWN: Rights = { read: 'own', update: 'own', readSecrets: 'own' };

/**
 * The page's line "Access level": MANAGER or OWNER of the customer, RESELLER above it, ADMIN. Reading is open to VIEWER too
 * (page network device get); RESELLER_ADMIN reads everything (page admin list) and is not named on the update page.
 */
const RIGHTS: Readonly<Record<AccessLevel, Rights>> = {
  NO_LOGIN: NO_RIGHTS,
  PERSONAL: NO_RIGHTS,
  VIEWER: { read: 'own', update: 'none', readSecrets: 'none' },
  MANAGER: OWN,
  OWNER: OWN,
  RESELLER: { read: 'below', update: 'below', readSecrets: 'below' },
  RESELLER_ADMIN: { read: 'all', update: 'none', readSecrets: 'none' },
  ADMIN: { read: 'all', update: 'all', readSecrets: 'all' },
};

/** The part of a customer that decides who reaches its devices. */
type Owner = Pick<Customer, 'id' | 'ancestorIds'>;

/** Whether the viewer may ask anything at all: who they are, and which device models there are. */
export function mayUseGateway(viewer: Viewer): boolean {
  return readReachKind(viewer) !== 'none';
}

/** Whose devices the viewer reads. */
export function readReachKind(viewer: Viewer): ReachKind {
  return rightsOf(viewer).read;
}

/** Whose devices the viewer changes. */
export function updateReachKind(viewer: Viewer): ReachKind {
  return rightsOf(viewer).update;
}

export function mayReadDevice(viewer: Viewer, owner: Owner): boolean {
  return reaches(viewer, readReachKind(viewer), owner);
}

export function mayUpdateDevice(viewer: Viewer, owner: Owner): boolean {
  return reaches(viewer, updateReachKind(viewer), owner);
}

export function mayReadWifiPasswords(viewer: Viewer, owner: Owner): boolean {
  return reaches(viewer, rightsOf(viewer).readSecrets, owner);
}

/** Collectors of status hold a token with a scope of its own; whose devices it reports on is not limited. */
export function mayReportStatus({ level, scopes }: Viewer): boolean {
  return level === 'ADMIN' || scopes.includes('status:report');
}

/** Device models belong to the whole platform, so only who reads all of it changes them. */
export function mayManageModels({ level }: Viewer): boolean {
  return level === 'ADMIN' || level === 'RESELLER_ADMIN';
}

/** Whoever keeps the customers in step with the platform holds a token with a scope of its own. */
export function maySyncCustomers({ level, scopes }: Viewer): boolean {
  return level === 'ADMIN' || scopes.includes('customer:sync');
}

/** Where only trusted documents run, routers and portals that write their own hold a token with a scope of its own. */
export function mayRunAnyDocument({ scopes }: Viewer): boolean {
  return scopes.includes('documents:any');
}

function rightsOf({ level }: Viewer): Rights {
  return level === null ? NO_RIGHTS : RIGHTS[level];
}

function reaches({ customerId }: Viewer, reach: ReachKind, owner: Owner): boolean {
  switch (reach) {
    case 'none':
      return false;
    case 'own':
      return customerId === owner.id;
    case 'below':
      return customerId !== null && owner.ancestorIds.includes(customerId);
    case 'all':
      return true;
  }
}
