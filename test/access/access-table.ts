import type { AccessLevel } from '../../src/access/viewer.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import type { TestGateway } from '../support/gateway.js';

/** How the owner of a device stands to the viewer. Down to "another customer" the viewer is a plain customer, then a reseller. */
export const RELATIONS = [
  'own customer',
  'another customer',
  'reseller above',
  'child of the reseller',
  'grandchild below a sub reseller',
  "sibling reseller's customer",
  "the reseller's own device",
  'a customer without reseller',
] as const;
export type Relation = (typeof RELATIONS)[number];

const NONE: readonly Relation[] = [];
const OWN: readonly Relation[] = ['own customer', "the reseller's own device"];
const BELOW: readonly Relation[] = [...OWN, 'child of the reseller', 'grandchild below a sub reseller'];
const ALL: readonly Relation[] = RELATIONS;

/** The access table of the contract (section 4), cell by cell. */
export const TABLE: Readonly<
  Record<AccessLevel, Readonly<Record<'read' | 'update' | 'passwords', readonly Relation[]>>>
> = {
  NO_LOGIN: { read: NONE, update: NONE, passwords: NONE },
  PERSONAL: { read: NONE, update: NONE, passwords: NONE },
  VIEWER: { read: OWN, update: NONE, passwords: NONE },
  MANAGER: { read: OWN, update: OWN, passwords: OWN },
  OWNER: { read: OWN, update: OWN, passwords: OWN },
  RESELLER: { read: BELOW, update: BELOW, passwords: BELOW },
  RESELLER_ADMIN: { read: ALL, update: NONE, passwords: NONE },
  ADMIN: { read: ALL, update: ALL, passwords: ALL },
};

/** For each relation the viewer's customer, a device, and whose it is. */
export type Places = Readonly<
  Record<Relation, { readonly viewer: string; readonly customer: string; readonly device: string }>
>;

/** Puts a tree of customers into the database, with a device for each relation. */
export async function plantTree(gateway: TestGateway): Promise<Places> {
  const top = await createCustomer(gateway);
  const sub = await createCustomer(gateway, top);
  const grandchild = await createCustomer(gateway, await createCustomer(gateway, sub));
  const child = await createCustomer(gateway, top);
  const otherChild = await createCustomer(gateway, top);
  const nephew = await createCustomer(gateway, await createCustomer(gateway));
  const loner = await createCustomer(gateway);
  const place = async (viewer: string, customer: string) => ({
    viewer,
    customer,
    device: (await createDevice(gateway, { customer })).id,
  });
  return {
    'own customer': await place(child, child),
    'another customer': await place(child, otherChild),
    'reseller above': await place(sub, top),
    'child of the reseller': await place(top, child),
    'grandchild below a sub reseller': await place(top, grandchild),
    "sibling reseller's customer": await place(top, nephew),
    "the reseller's own device": await place(top, top),
    'a customer without reseller': await place(top, loner),
  };
}
