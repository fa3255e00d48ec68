import type { Database, RawRow } from '../database/database.js';
import type { PageOfIds } from './device-lists.js';
import type { ListScope } from './reach.js';
import { RowReader } from '../database/row-reader.js';
import { Conditions } from '../database/sql-builder.js';
import { textHolds } from './text-search.js';

/** A customer as lists hold it. */
export interface ListedCustomer {
  readonly id: string;
  readonly name: string;
}

/** Lists of customers; the scope is part of every statement. */
export interface CustomerLists {
  readonly findMany: (scope: ListScope, ids: readonly string[]) => Promise<readonly ListedCustomer[]>;
  /** Customers in the order of the page, one more than its limit when there are more. */
  readonly page: (
    scope: ListScope,
    search: string | null,
    page: PageOfIds,
  ) => Promise<readonly ListedCustomer[]>;
  readonly count: (scope: ListScope, search: string | null) => Promise<number>;
}

/** The lists of this database. */
export function customerLists({ run }: Database): CustomerLists {
  return {
    findMany: async (scope, ids) => {
      const where = inScope(scope);
      where.add(`id = ANY(${where.param(ids)})`);
      const text = `SELECT id, name FROM customer WHERE ${where.toString()}`;
      return (await run({ text, onLostConnection: 'nothing-written' }, where.values)).map(toCustomer);
    },
    page: async (scope, search, page) => {
      const where = inScope(scope, search);
      if (page.afterId !== null) where.add(`id > ${where.param(page.afterId)}`);
      if (page.beforeId !== null) where.add(`id < ${where.param(page.beforeId)}`);
      const text = `SELECT id, name FROM customer WHERE ${where.toString()}
        ORDER BY id ${page.isBackward ? 'DESC' : 'ASC'} LIMIT ${where.param(page.limit + 1)}`;
      return (await run({ text, onLostConnection: 'nothing-written' }, where.values)).map(toCustomer);
    },
    count: async (scope, search) => {
      const where = inScope(scope, search);
      const text = `SELECT count(*)::integer AS total FROM customer WHERE ${where.toString()}`;
      const [row] = await run({ text, onLostConnection: 'nothing-written' }, where.values);
      return row === undefined ? 0 : RowReader.of(row).int('total');
    },
  };
}

function inScope(scope: ListScope, search: string | null = null): Conditions {
  const where = new Conditions();
  switch (scope.kind) {
    case 'nothing':
      where.add('FALSE');
      break;
    case 'own':
      where.add(`id = ${where.param(scope.customerId)}`);
      break;
    case 'below':
      where.add(`ancestor_ids @> ARRAY[${where.param(scope.customerId)}]::text[]`);
      break;
    case 'all':
      break;
  }
  const text = search?.trim() ?? '';
  if (text !== '') where.add(textHolds('name', text, where));
  return where;
}

function toCustomer(raw: RawRow): ListedCustomer {
  const row = RowReader.of(raw);
  return { id: row.text('id'), name: row.text('name') };
}
