import type { Database, Statement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { CUSTOMER, type EndedDevice, toCustomerOrNone } from '../rows/device-row.js';

const FIND_ENDED: Statement = {
  name: 'find-ended-devices',
  text: `SELECT DISTINCT ON (g.device_id) g.device_id, g.gone_version, ${CUSTOMER}
    FROM device_change g JOIN customer c ON c.id = g.gone_customer_id
    WHERE g.device_id = ANY($1::text[]) AND g.gone_customer_id IS NOT NULL ORDER BY g.device_id, g.seq DESC`,
  onLostConnection: 'nothing-written',
};

/** Devices among these that ended in the last minutes. */
export async function findEndedDevices(
  { run }: Pick<Database, 'run'>,
  ids: readonly string[],
): Promise<readonly EndedDevice[]> {
  const rows = await run(FIND_ENDED, [ids]);
  return rows.flatMap((raw) => {
    const row = RowReader.of(raw);
    const customer = toCustomerOrNone(raw);
    if (customer === undefined) return [];
    return [{ id: row.text('device_id'), customer, lastVersion: row.int('gone_version') }];
  });
}
