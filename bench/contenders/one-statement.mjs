// The device with everything nested as one JSON value, and the update that returns it: one statement each.

/** @param {string} reservedClients where the reservations come from */
const deviceJson = (reservedClients) => `json_build_object(
  'id', d.id, 'version', d.version, 'state', d.state, 'name', d.name, 'notes', d.notes, 'jobs', d.jobs,
  'macAddress', d."macAddress", 'serialNumber', d."serialNumber", 'mvnoAccount', d."mvnoAccount",
  'createdAt', d."createdAt", 'updatedAt', d."updatedAt",
  'model', json_build_object(
    'id', m.id, 'name', m.name, 'type', m.type, 'brand', m.brand, 'description', m.description, 'picture', m.picture,
    'capabilities', json_build_object(
      'wifi', m.wifi, 'wifi2G', m."wifi2G", 'wifi5G', m."wifi5G", 'wifi6G', m."wifi6G", 'simSupport', m."simSupport"
    )
  ),
  'customer', row_to_json(c), 'wifi', row_to_json(w), 'status', row_to_json(s),
  'dhcp', json_build_object(
    'enable', h.enable, 'ipPoolStart', h."ipPoolStart", 'ipPoolEnd', h."ipPoolEnd", 'leaseTime', h."leaseTime",
    'primaryDnsServer', h."primaryDnsServer",
    'reservedClients', (
      SELECT json_agg(json_build_object('id', r.id, 'mac', r.mac, 'ip', r.ip, 'enable', r.enable) ORDER BY r.row)
      FROM ${reservedClients} r WHERE r."deviceId" = d.id
    )
  )
)`;

const NESTED = `JOIN bench.model m ON m.id = d."modelId" JOIN bench.customer c ON c.id = d."customerId"
  JOIN bench.status s ON s."deviceId" = d.id`;
const STORED = `bench.device d ${NESTED} JOIN bench.wifi w ON w."deviceId" = d.id JOIN bench.dhcp h ON h."deviceId" = d.id`;
const JSON_OF_STORED = deviceJson('bench.reserved_client');

/** $1: the id. */
export const READ = `SELECT ${JSON_OF_STORED} AS device FROM ${STORED} WHERE d.id = $1`;

/** $1: the ids; in their order. */
export const READ_MANY = `SELECT coalesce(json_agg(found.device ORDER BY wished.place), '[]') AS devices
  FROM unnest($1::text[]) WITH ORDINALITY AS wished(id, place)
  LEFT JOIN LATERAL (SELECT ${JSON_OF_STORED} AS device FROM ${STORED} WHERE d.id = wished.id) found ON true`;

/** $1: the ids; in their order, name and online only. */
export const READ_MANY_SLIM = `SELECT coalesce(json_agg(
    CASE WHEN d.id IS NOT NULL THEN json_build_object('name', d.name, 'status', json_build_object('online', s.online)) END
    ORDER BY wished.place
  ), '[]') AS devices
  FROM unnest($1::text[]) WITH ORDINALITY AS wished(id, place)
  LEFT JOIN (bench.device d JOIN bench.status s ON s."deviceId" = d.id) ON d.id = wished.id`;

/** $1: how many, $2: after which id. The ids first: joined before they are limited, the whole tables would be read. */
export const READ_PAGE = `SELECT coalesce(json_agg(page.device ORDER BY page.id), '[]') AS devices
  FROM (
    SELECT wished.id, found.device
    FROM (SELECT id FROM bench.device WHERE id > $2 ORDER BY id LIMIT $1) wished
    CROSS JOIN LATERAL (SELECT ${JSON_OF_STORED} AS device FROM ${STORED} WHERE d.id = wished.id) found
  ) page`;

/** $1: the id, $2: name. */
export const RENAME = `UPDATE bench.device SET name = $2, version = version + 1, "updatedAt" = now() WHERE id = $1
  RETURNING json_build_object('id', id, 'name', name, 'version', version) AS device`;

/**
 * A function that writes an update. The lock comes first, in a statement of its own: the next one then sees the reservations of
 * whoever had it before, and leaves none of them.
 */
const updateFunction = (
  name,
  type,
  result,
) => `CREATE FUNCTION bench.${name}(text, text, text, json, json, json) RETURNS ${type}
  LANGUAGE plpgsql AS $function$
  DECLARE updated ${type};
  BEGIN
  PERFORM FROM bench.device WHERE id = $1 FOR UPDATE;
  WITH d AS (
    UPDATE bench.device SET name = $2, notes = $3, version = version + 1, "updatedAt" = now() WHERE id = $1 RETURNING *
  ), w AS (
    UPDATE bench.wifi w SET enabled = x.enabled, ssid = x.ssid, password = x.password,
      "enabled5G" = x."enabled5G", "ssid5G" = x."ssid5G", "password5G" = x."password5G",
      "enabled6G" = x."enabled6G", "ssid6G" = x."ssid6G", "password6G" = x."password6G", bandsteering = x.bandsteering
    FROM json_populate_record(NULL::bench.wifi, $4) x WHERE w."deviceId" = $1 RETURNING w.*
  ), h AS (
    UPDATE bench.dhcp h SET enable = x.enable, "ipPoolStart" = x."ipPoolStart", "ipPoolEnd" = x."ipPoolEnd",
      "leaseTime" = x."leaseTime", "primaryDnsServer" = x."primaryDnsServer"
    FROM json_populate_record(NULL::bench.dhcp, $5) x WHERE h."deviceId" = $1 RETURNING h.*
  ), gone AS (
    DELETE FROM bench.reserved_client WHERE "deviceId" = $1
  ), r AS (
    INSERT INTO bench.reserved_client ("deviceId", id, mac, ip, enable)
    SELECT $1, x.id, x.mac, x.ip, x.enable FROM json_to_recordset($6) AS x(id text, mac text, ip text, enable boolean)
    RETURNING *
  )
  ${result};
  RETURN updated;
  END
  $function$`;

/** What the contenders' updates call: one answers with the nested JSON, the others with the row of the device. */
export const UPDATE_FUNCTIONS = [
  updateFunction(
    'update_device',
    'json',
    `SELECT ${deviceJson('r')} INTO updated FROM d ${NESTED} CROSS JOIN w CROSS JOIN h`,
  ),
  updateFunction('update_settings', 'bench.device', 'SELECT d.* INTO updated FROM d'),
  `CREATE FUNCTION bench.rename_device(text, text) RETURNS bench.device LANGUAGE sql AS $function$
    UPDATE bench.device SET name = $2, version = version + 1, "updatedAt" = now() WHERE id = $1 RETURNING *
  $function$`,
];

/** $1: the id, $2: name, $3: notes, $4: wifi, $5: dhcp, $6: the reservations, the last three as JSON. */
export const UPDATE = 'SELECT bench.update_device($1, $2, $3, $4, $5, $6) AS device';

/** Whether an input changes the name and nothing else. */
export function isRename(input) {
  return Object.keys(input).join() === 'name';
}

/** The parameters of UPDATE. */
export function updateValues(id, { name, notes, wifi, dhcp }) {
  return [id, name, notes, ...[wifi, dhcp, dhcp.reservedClients].map((section) => JSON.stringify(section))];
}

/** The id in a cursor of the gateway. */
export function idOfCursor(cursor) {
  return Buffer.from(cursor, 'base64url').toString().slice('id:'.length);
}
