// Mercurius and graphql-jit with a loader for each relation: one statement for each table that an answer needs.
import { pool, rows, serve } from './mercurius-server.mjs';
import { idOfCursor, isRename } from './one-statement.mjs';

/** A loader that finds one row for each parent. */
function one(table, column, keyOf) {
  return async (queries) => {
    const keys = queries.map(({ obj }) => keyOf(obj));
    const found = await rows(table, `SELECT * FROM bench.${table} WHERE "${column}" = ANY($1)`, [keys]);
    const byKey = new Map(found.map((row) => [row[column], row]));
    return keys.map((key) => byKey.get(key) ?? null);
  };
}

async function reservedClients(queries) {
  const keys = queries.map(({ obj }) => obj.deviceId);
  const text = 'SELECT * FROM bench.reserved_client WHERE "deviceId" = ANY($1) ORDER BY row';
  const byDevice = new Map(keys.map((key) => [key, []]));
  for (const client of await rows('reserved', text, [keys])) byDevice.get(client.deviceId)?.push(client);
  return keys.map((key) => byDevice.get(key));
}

async function rename(id, name) {
  const text =
    'UPDATE bench.device SET name = $2, version = version + 1, "updatedAt" = now() WHERE id = $1 RETURNING *';
  return (await rows('rename', text, [id, name]))[0] ?? null;
}

async function update(id, { name, notes, wifi, dhcp: { reservedClients: clients, ...dhcp } }) {
  const client = await pool.connect();
  const run = async (statement, text, values) => await client.query({ name: statement, text, values });
  const set = (section, from) =>
    Object.keys(section)
      .map((column, index) => `"${column}" = $${index + from}`)
      .join();
  try {
    await run('begin', 'BEGIN', []);
    const device = await run(
      'update-device',
      'UPDATE bench.device SET name = $2, notes = $3, version = version + 1, "updatedAt" = now() WHERE id = $1 RETURNING *',
      [id, name, notes],
    );
    await run('update-wifi', `UPDATE bench.wifi SET ${set(wifi, 2)} WHERE "deviceId" = $1`, [
      id,
      ...Object.values(wifi),
    ]);
    await run('update-dhcp', `UPDATE bench.dhcp SET ${set(dhcp, 2)} WHERE "deviceId" = $1`, [
      id,
      ...Object.values(dhcp),
    ]);
    await run('clear', 'DELETE FROM bench.reserved_client WHERE "deviceId" = $1', [id]);
    await run(
      'reserve',
      `INSERT INTO bench.reserved_client ("deviceId", id, mac, ip, enable)
        SELECT $1, x.* FROM json_to_recordset($2) AS x(id text, mac text, ip text, enable boolean)`,
      [id, JSON.stringify(clients)],
    );
    await run('commit', 'COMMIT', []);
    return device.rows[0] ?? null;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

await serve(
  {
    Query: {
      networkDevice: async (_, { id }) =>
        (await rows('device', 'SELECT * FROM bench.device WHERE id = $1', [id]))[0] ?? null,
      networkDevices: async (_, { ids }) => {
        const found = await rows('devices', 'SELECT * FROM bench.device WHERE id = ANY($1)', [ids]);
        const byId = new Map(found.map((device) => [device.id, device]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      networkDeviceConnection: async (_, { first, after }) => ({
        nodes: await rows('page', 'SELECT * FROM bench.device WHERE id > $2 ORDER BY id LIMIT $1', [
          first,
          idOfCursor(after),
        ]),
      }),
    },
    Mutation: {
      updateNetworkDevice: async (_, { id, input }) =>
        isRename(input) ? await rename(id, input.name) : await update(id, input),
    },
    DeviceModel: { capabilities: (model) => model },
  },
  {
    NetworkDevice: {
      model: one('model', 'id', ({ modelId }) => modelId),
      customer: one('customer', 'id', ({ customerId }) => customerId),
      wifi: one('wifi', 'deviceId', ({ id }) => id),
      dhcp: one('dhcp', 'deviceId', ({ id }) => id),
      status: one('status', 'deviceId', ({ id }) => id),
    },
    DhcpSettings: { reservedClients },
  },
);
