import { readReach } from '../access/reach.js';
import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import type { CustomerLists, ListedCustomer } from '../persistence/devices/customer-lists.js';
import { batchById } from './batch.js';
import { once } from './once.js';
import { type Page, type PageArguments, pageRequest, toPage } from './paging.js';
import { assertSearch } from './search.js';

/**
 * One customer within reach.
 * @throws ACCESS_DENIED when it is missing, out of reach, or the id is none; NOT_FOUND to ADMIN
 */
export async function readCustomer(
  lists: CustomerLists,
  viewer: Viewer,
  id: string,
): Promise<ListedCustomer> {
  const [customer] = await readCustomers(lists, viewer, [id], 'id');
  if (customer === undefined || customer === null) throw refusal(viewer);
  return customer;
}

/** Customers by their ids: same length and order, null where one is missing or out of reach. */
export async function readCustomers(
  lists: CustomerLists,
  viewer: Viewer,
  ids: readonly string[],
  argument: string,
): Promise<readonly (ListedCustomer | null)[]> {
  const reach = readReach(viewer);
  return await batchById(argument, ids, async (distinctIds) => await lists.findMany(reach, distinctIds));
}

/** A page of customers; its total is counted when it is asked for, once. */
export interface CustomerPage extends Page<ListedCustomer> {
  readonly count: () => Promise<number>;
}

/**
 * The customers within reach whose name holds a text, page by page in order of id.
 * @throws INVALID_VALUE for page arguments that make no sense, and for a search of more than 100 characters
 */
export async function readCustomerConnection(
  lists: CustomerLists,
  viewer: Viewer,
  search: string | null,
  page: PageArguments,
): Promise<CustomerPage> {
  const reach = readReach(viewer);
  const request = pageRequest(page);
  assertSearch('search', search);
  const found = await lists.page(reach, search, request);
  return { ...toPage(request, found), count: once(async () => await lists.count(reach, search)) };
}
