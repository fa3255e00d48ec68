import type { DeviceModel } from '../../domain/device-model.js';
import { brokenConstraint } from '../database/database-errors.js';
import type { RawRow, RunStatement, Statement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { isKeyTaken, KEEP_KEY, keyColumns, type WriteKey } from '../idempotency/idempotency-keys.js';
import { auditCatalog, catalogAuditColumns, type CatalogAuditEntry } from '../rows/audit.js';
import { toModel } from '../rows/device-fields.js';

/** Where device models are changed, each change with its audit entry or not at all. */
export interface ModelStore {
  /** @returns false when somebody else has used the idempotency key */
  readonly create: (
    model: DeviceModel,
    audit: CatalogAuditEntry,
    key: WriteKey | undefined,
  ) => Promise<boolean>;
  /**
   * Sets the fields at `audit.paths`, and leaves what others set beside them.
   * @returns the model as written; undefined when it is gone
   */
  readonly update: (model: DeviceModel, audit: CatalogAuditEntry) => Promise<DeviceModel | undefined>;
  /** @returns the model as it was; undefined when it is gone, `in-use` while a device has it */
  readonly remove: (id: string, audit: CatalogAuditEntry) => Promise<DeviceModel | undefined | 'in-use'>;
}

/** The columns of a model by the path of the field that they hold. */
const COLUMNS = {
  name: 'name',
  type: 'type',
  brand: 'brand',
  description: 'description',
  picture: 'picture',
  'capabilities.wifi': 'wifi',
  'capabilities.wifi2G': 'wifi_2g',
  'capabilities.wifi5G': 'wifi_5g',
  'capabilities.wifi6G': 'wifi_6g',
  'capabilities.simSupport': 'sim_support',
} as const;

const NAMES = Object.values(COLUMNS);
const listed = (alias: string): string => NAMES.map((name) => `${alias}.${name}`).join(', ');
const RETURNED = `m.id, m.type::text AS type, ${NAMES.filter((name) => name !== 'type')
  .map((name) => `m.${name}`)
  .join(', ')}`;

const CREATE: Statement = {
  name: 'create-device-model',
  text: `WITH written AS (
      INSERT INTO device_model (id, ${NAMES.join(', ')})
      SELECT m.id, ${listed('m')} FROM jsonb_populate_record(NULL::device_model, $1::jsonb) m
      RETURNING id, jsonb_populate_record(NULL::idempotency_key, $3::jsonb) AS key
    ), ${auditCatalog('$2')}, ${KEEP_KEY} SELECT id FROM written`,
  onLostConnection: 'unknown',
};

/** What the JSON does not name stays as the row has it. */
const UPDATE: Statement = {
  name: 'update-device-model',
  text: `WITH written AS (
      UPDATE device_model m SET (${NAMES.join(', ')}) = (SELECT ${listed('w')} FROM jsonb_populate_record(m, $2::jsonb) w)
      WHERE m.id = $1 RETURNING ${RETURNED}
    ), ${auditCatalog('$3')} SELECT * FROM written`,
  onLostConnection: 'unknown',
};

const REMOVE: Statement = {
  name: 'delete-device-model',
  text: `WITH written AS (DELETE FROM device_model m WHERE m.id = $1 RETURNING ${RETURNED}), ${auditCatalog('$2')}
    SELECT * FROM written`,
  onLostConnection: 'unknown',
};

/** The device models of this database. */
export function modelStore(run: RunStatement): ModelStore {
  const entry = (audit: CatalogAuditEntry): string => JSON.stringify(catalogAuditColumns(audit));
  return {
    create: async (model, audit, key) => {
      const row = JSON.stringify({ id: model.id, ...columnsOf(model) });
      try {
        await run(CREATE, [row, entry(audit), key === undefined ? null : JSON.stringify(keyColumns(key))]);
        return true;
      } catch (error) {
        if (isKeyTaken(error)) return false;
        throw error;
      }
    },
    update: async (model, audit) => {
      const columns = columnsOf(model);
      const changed = Object.entries(COLUMNS).filter(([path]) => audit.paths.includes(path));
      const row = Object.fromEntries(changed.map(([, column]) => [column, columns[column]]));
      return toModelOrNone(await run(UPDATE, [model.id, JSON.stringify(row), entry(audit)]));
    },
    remove: async (id, audit) => {
      try {
        return toModelOrNone(await run(REMOVE, [id, entry(audit)]));
      } catch (error) {
        if (brokenConstraint(error) === 'network_device_model_id_fkey') return 'in-use';
        throw error;
      }
    },
  };
}

function columnsOf({
  capabilities: { wifi, wifi2G, wifi5G, wifi6G, simSupport },
  ...model
}: DeviceModel): Readonly<Record<(typeof NAMES)[number], unknown>> {
  const { name, type, brand, description, picture } = model;
  const flags = { wifi, wifi_2g: wifi2G, wifi_5g: wifi5G, wifi_6g: wifi6G, sim_support: simSupport };
  return { name, type, brand, description, picture, ...flags };
}

function toModelOrNone([row]: readonly RawRow[]): DeviceModel | undefined {
  return row && toModel(RowReader.of(row));
}
