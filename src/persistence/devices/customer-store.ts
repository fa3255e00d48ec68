import type { CustomerChange, KnownCustomer } from '../../domain/customer-sync.js';
import type { Database, RunStatement, Statement } from '../database/database.js';
import { brokenConstraint } from '../database/database-errors.js';
import { RowReader } from '../database/row-reader.js';
import { auditCatalog, catalogAuditColumns, type CatalogAuditEntry } from '../rows/audit.js';

/** Where customers are kept in step with the platform. */
export interface CustomerStore {
  /**
   * Reads customers with all that stand above them, and writes what `decide` makes of them, with an audit entry for each; all
   * or nothing. Syncs take turns, so that no two of them close a circle in the tree.
   */
  readonly sync: (
    ids: readonly string[],
    decide: (known: ReadonlyMap<string, KnownCustomer>) => readonly AuditedChange[],
  ) => Promise<void>;
}

/** A change with its entry in the audit trail. */
interface AuditedChange {
  readonly change: CustomerChange;
  readonly audit: CatalogAuditEntry;
}

/** Any number will do, as long as every gateway uses the same one. */
const SYNC_LOCK = 4_710_043;

/** How long a sync may wait for its turn, and then write: a reseller with 10,000 customers takes seconds. */
const TIMEOUT_MS = 60_000;

/** The limits of a statement are those of before it. */
const RAISE_TIMEOUTS: Statement = {
  name: 'raise-timeouts-of-customer-sync',
  text: `SELECT set_config('lock_timeout', '${TIMEOUT_MS - 2_000}', true),
    set_config('statement_timeout', '${TIMEOUT_MS - 1_000}', true)`,
  onLostConnection: 'nothing-written',
};

const TAKE_TURN: Statement = {
  name: 'lock-customer-sync',
  text: `SELECT pg_advisory_xact_lock(${SYNC_LOCK})`,
  onLostConnection: 'nothing-written',
  timeoutMs: TIMEOUT_MS,
};

const READ_WITH_THOSE_ABOVE: Statement = {
  name: 'read-customers-with-those-above',
  text: `SELECT id, name, parent_reseller_id FROM customer
    WHERE id = ANY (ARRAY(SELECT unnest(ancestor_ids) FROM customer WHERE id = ANY ($1::text[])))`,
  onLostConnection: 'nothing-written',
};

/** Triggers bring everything below a customer that moves to its new place, and the devices there within reach. */
const WRITE: Statement = {
  name: 'sync-customers',
  text: `WITH wanted AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(
        id text, name text, parent_reseller_id text, is_new boolean, paths text[], audit jsonb)
    ), changed AS (
      UPDATE customer c SET name = CASE WHEN 'name' = ANY (w.paths) THEN w.name ELSE c.name END,
        parent_reseller_id = CASE WHEN 'parentReseller' = ANY (w.paths) THEN w.parent_reseller_id ELSE c.parent_reseller_id END
      FROM wanted w WHERE c.id = w.id AND NOT w.is_new RETURNING c.id
    ), added AS (
      INSERT INTO customer (id, name, parent_reseller_id)
      SELECT id, name, parent_reseller_id FROM wanted WHERE is_new RETURNING id
    ), written AS (
      SELECT w.id, w.audit FROM wanted w JOIN (TABLE changed UNION ALL TABLE added) c ON c.id = w.id
    ), ${auditCatalog('written.audit')} SELECT FROM written`,
  onLostConnection: 'unknown',
  timeoutMs: TIMEOUT_MS,
};

/** Runs work when its turn has come. */
type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * The customers of this database.
 * @param inTurn one sync of this process after the other: those that wait hold no connection, which others need
 */
export function customerStore({ transaction }: Pick<Database, 'transaction'>, inTurn: InTurn): CustomerStore {
  return {
    sync: async (ids, decide) => {
      const syncOnce = async (): Promise<void> =>
        await transaction(async (run) => {
          await run(RAISE_TIMEOUTS, []);
          await run(TAKE_TURN, []);
          const changes = decide(await readKnown(run, ids));
          if (changes.length > 0) await run(WRITE, [JSON.stringify(changes.map(toRow))]);
        });
      await inTurn(async () => {
        try {
          await syncOnce();
        } catch (error) {
          // An import has inserted one of them meanwhile; the second look finds it.
          if (brokenConstraint(error) !== 'customer_pkey') throw error;
          await syncOnce();
        }
      });
    },
  };
}

async function readKnown(
  run: RunStatement,
  ids: readonly string[],
): Promise<ReadonlyMap<string, KnownCustomer>> {
  const rows = await run(READ_WITH_THOSE_ABOVE, [ids]);
  return new Map(
    rows.map((raw) => {
      const row = RowReader.of(raw);
      const id = row.text('id');
      return [id, { id, name: row.text('name'), parentResellerId: row.textOrNull('parent_reseller_id') }];
    }),
  );
}

function toRow({ change: { id, name, parentResellerId, isNew, paths }, audit }: AuditedChange): object {
  return {
    ...{ id, name, parent_reseller_id: parentResellerId, is_new: isNew, paths },
    audit: catalogAuditColumns(audit),
  };
}
