import type { Reach } from '../../domain/reach.js';
import type { PageRequest } from '../../domain/page-request.js';
import type { Database, RawRow } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { Conditions } from '../database/sql-builder.js';
import { textHolds } from './text-search.js';

/** A customer as lists hold it. */
export interface ListedCustomer {
  readonly id: string;
  readonly name: string;
}

/** Lists of customers; reach is part of every statement. */
export interface CustomerLists {
  readonly findMany: (reach: Reach, ids: readonly string[]) => Promise<ListedCustomer[]>;
  /** Customers in the order of the page, one more than its limit when there are more. */
  readonly page: (
    reach: Reach,
    search: string | null,
    page: PageRequest,
  ) => Promise<readonly ListedCustomer[]>;
  readonly count: (reach: Reach, search: string | null) => Promise<number>;
}

/** The lists of this database. */
export function customerLists({ run }: Database): CustomerLists {
  return {
    findMany: async (reach, ids) => {
      const where = withinReach(reach);
      where.add(`id = ANY(${where.param(ids)})`);
      const text = `SELECT id, name FROM customer WHERE ${where.toString()}`;
      return (await run({ text, onLostConnection: 'nothing-written' }, where.values)).map(toCustomer);
    },
    page: async (reach, search, page) => {
      const where = withinReach(reach, search);
      if (page.after !== null) where.add(`id > ${where.param(page.after)}`);
      if (page.before !== null) where.add(`id < ${where.param(page.before)}`);
      const text = `SELECT id, name FROM customer WHERE ${where.toString()}
        ORDER BY id ${page.isBackward ? 'DESC' : 'ASC'} LIMIT ${where.param(page.limit + 1)}`;
      return (await run({ text, onLostConnection: 'nothing-written' }, where.values)).map(toCustomer);
    },
    count: async (reach, search) => {
      const where = withinReach(reach, search);
      const text = `SELECT count(*)::integer AS total FROM customer WHERE ${where.toString()}`;
      const [row] = await run({ text, onLostConnection: 'nothing-written' }, where.values);
      return row === undefined ? 0 : RowReader.of(row).int('total');
    },
  };
}

function withinReach(reach: Reach, search: string | null = null): Conditions {
  const where = new Conditions();
  switch (reach.kind) {
    case 'nothing':
      where.add('FALSE');
      break;
    case 'own':
      where.add(`id = ${where.param(reach.customerId)}`);
      break;
    case 'below':
      where.add(`ancestor_ids @> ARRAY[${where.param(reach.customerId)}]::text[]`);
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
