import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { NO_SETTINGS } from '../../src/domain/device.js';
import { namesOfChanges } from '../../src/domain/device-changes.js';
import type { DeviceModel } from '../../src/domain/device-model.js';
import { ownRequestId } from '../../src/domain/request-id.js';
import type { NewDevice } from '../../src/domain/new-device.js';
import { deviceErrors, parseFleet } from '../../src/operations/import-fleet/parse-fleet.js';
import { deviceRow, needsJob } from '../../src/persistence/devices/fleet-writer.js';
import { STATUS_COLUMNS } from '../../src/persistence/rows/fields.js';
import type { DeviceSecrets } from '../../src/secrets/device-secrets.js';

/**
 * Puts a fleet of models and devices into the database as an import does, by the same rules, but in one message to the server:
 * an import reads before it writes, and nearly every test begins with a device.
 * @throws for what an import refuses
 */
export async function insertFleet(sql: pg.Pool, secrets: DeviceSecrets, content: unknown): Promise<void> {
  const parsed = parseFleet(content, new Date());
  if ('errors' in parsed) throw new Error(parsed.errors.join('\n'));
  const { deviceModels, devices } = parsed.fleet;
  const models = new Map(deviceModels.map((model) => [model.id, model]));
  const errors = devices.flatMap((device) => errorsOf(device, models.get(device.modelId)));
  if (errors.length > 0) throw new Error(errors.join('\n'));
  const importId = ownRequestId(randomUUID());
  const statements = [
    // Whatever the database's default is, as the importer has it.
    'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
    insert('device_model', deviceModels.map(modelRow)),
    insert(
      'network_device',
      devices.map((device) => deviceRow(device, secrets)),
    ),
    insert(
      'provisioning_job',
      devices.filter(needsJob).map(({ id }) => ({ device_id: id, version: 1 })),
    ),
    insert('device_status', devices.flatMap(statusRow)),
    insert(
      'device_audit',
      devices.map((device) => auditRow(device, importId)),
    ),
  ];
  // One message is one transaction.
  await sql.query(statements.join(';'));
}

function errorsOf(device: NewDevice, model: DeviceModel | undefined): readonly string[] {
  return model === undefined ? ['The fleet lacks the model of its device.'] : deviceErrors(device, model);
}

/** An insert of rows, which are objects by column name; the other columns get their defaults. */
function insert(table: string, rows: readonly Readonly<Record<string, unknown>>[]): string {
  const [first] = rows;
  if (first === undefined) return '';
  const columns = Object.keys(first).join(', ');
  const json = pg.escapeLiteral(JSON.stringify(rows));
  return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, ${json})`;
}

function modelRow({ capabilities, ...model }: DeviceModel): Readonly<Record<string, unknown>> {
  const { wifi, wifi2G, wifi5G, wifi6G, simSupport } = capabilities;
  return { ...model, wifi, wifi_2g: wifi2G, wifi_5g: wifi5G, wifi_6g: wifi6G, sim_support: simSupport };
}

function statusRow({ id, status }: NewDevice): readonly Readonly<Record<string, unknown>>[] {
  if (status === null) return [];
  const reported = Object.entries(status).flatMap(([name, value]) => {
    const column = STATUS_COLUMNS.get(name);
    return column === undefined ? [] : [[column, value] as const];
  });
  return [{ device_id: id, ...Object.fromEntries(reported) }];
}

function auditRow(device: NewDevice, importId: string): Readonly<Record<string, unknown>> {
  return {
    device_id: device.id,
    version: 1,
    action: 'IMPORT',
    paths: [...namesOfChanges(NO_SETTINGS, device)],
    subject: 'import',
    request_id: importId,
    customer_id: device.customerId,
    old_values: {},
  };
}
