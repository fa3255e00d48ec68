import type { Reach } from '../../domain/reach.js';
import type { Customer } from '../../domain/customer.js';
import type { DeviceModel } from '../../domain/device-model.js';
import type { RawRow, RunStatement, Statement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { unsizedIds } from '../database/sql-builder.js';
import type { KeptKey, WriteKey } from '../idempotency/idempotency-keys.js';
import {
  CUSTOMER,
  DEVICE,
  DEVICE_TABLES,
  MODEL,
  type StoredDeviceOrError,
  toCustomerOrNone,
  toModelOrNone,
  toStoredDevice,
} from '../rows/device-row.js';
import { customerOf, reachedId } from './reach.js';
import { macHolder, toWantedMac, type WantedMac } from './take-mac.js';

/** Where a device is to be created. */
export interface PlaceLookup {
  readonly customerId: string;
  readonly modelId: string;
  /** In normal form; null for a text that is no MAC address. */
  readonly macAddress: string | null;
  /** Whose devices may be created. */
  readonly reach: Reach;
  /** Maximum number of devices that the customer may have; null for any number. */
  readonly deviceLimit: number | null;
  /** The idempotency key of the call, if it has one. */
  readonly key: WriteKey | undefined;
}

/** The idempotency key of a create as it was used before. */
export interface KeptCreate extends KeptKey {
  /** What it is on, as it is now; undefined when that is out of reach or gone. */
  readonly device: StoredDeviceOrError | undefined;
  readonly isGone: boolean;
}

/** What a create needs to decide. */
export interface FoundPlace extends WantedMac {
  /** Undefined only where the reach is all devices, and there is no such customer. */
  readonly customer: Customer | undefined;
  readonly model: DeviceModel | undefined;
  /** Whether the customer has as many devices as it may. */
  readonly isFull: boolean;
  /** Undefined when the key was not used before, and when there is none. */
  readonly kept: KeptCreate | undefined;
}

const READ_PLACES: Statement = {
  name: 'read-places',
  text: `SELECT lookup.place::integer AS place, ${CUSTOMER}, ${MODEL},
      ${macHolder('NULL')},
      c.id IS NOT NULL AND customer_is_full(c.id, lookup.device_limit) AS is_full,
      encode(k.args_digest, 'hex') AS kept_args_digest, k.object_id AS kept_object_id, kept.device,
      NOT EXISTS (SELECT FROM network_device o WHERE o.id = k.object_id) AS is_gone
    FROM unnest(${unsizedIds('$1')}, $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::text[]) WITH ORDINALITY
      AS lookup(id, model_id, mac_address, reach, customer_id, device_limit, key_digest, place)
    LEFT JOIN customer c ON c.id = lookup.id AND CASE lookup.reach
      WHEN 'own' THEN c.id = lookup.customer_id WHEN 'below' THEN lookup.customer_id = ANY (c.ancestor_ids)
      ELSE lookup.reach = 'all' END
    LEFT JOIN device_model m ON m.id = lookup.model_id
    LEFT JOIN idempotency_key k ON k.key_digest = decode(lookup.key_digest, 'hex')
    LEFT JOIN LATERAL (
      SELECT ${DEVICE} FROM ${DEVICE_TABLES} WHERE d.id = ${reachedId('lookup.reach', 'lookup.customer_id', 'k.object_id')}
    ) kept ON k.object_id IS NOT NULL
    WHERE c.id IS NOT NULL OR lookup.reach = 'all'`,
  onLostConnection: 'nothing-written',
};

/** Keeps others from creating devices of these customers until the end of the transaction. */
const LOCK_CUSTOMERS: Statement = {
  name: 'lock-customers',
  text: `SELECT id FROM customer WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE`,
  onLostConnection: 'nothing-written',
};

/**
 * Customers within reach, and what of them a new device needs.
 * @returns same length and order; undefined where the customer is out of reach
 */
export async function readPlaces(
  run: RunStatement,
  lookups: readonly PlaceLookup[],
): Promise<readonly (FoundPlace | undefined)[]> {
  const rows = await run(READ_PLACES, [
    lookups.map(({ customerId }) => customerId),
    lookups.map(({ modelId }) => modelId),
    lookups.map(({ macAddress }) => macAddress),
    lookups.map(({ reach }) => reach.kind),
    lookups.map(({ reach }) => customerOf(reach)),
    lookups.map(({ deviceLimit }) => deviceLimit),
    lookups.map(({ key }) => key?.keyDigest ?? null),
  ]);
  const found = new Map(rows.map((row) => [RowReader.of(row).int('place'), row]));
  return lookups.map((_, index) => {
    const row = found.get(index + 1);
    return row && toFoundPlace(row);
  });
}

/** The same for one, with the customer locked; only of use inside a transaction. */
export async function lockPlace(run: RunStatement, lookup: PlaceLookup): Promise<FoundPlace | undefined> {
  await run(LOCK_CUSTOMERS, [[lookup.customerId]]);
  return (await readPlaces(run, [lookup]))[0];
}

function toFoundPlace(raw: RawRow): FoundPlace {
  const row = RowReader.of(raw);
  return {
    customer: toCustomerOrNone(raw),
    model: toModelOrNone(raw),
    ...toWantedMac(raw),
    isFull: row.flag('is_full'),
    kept: row.exists('kept_object_id') ? toKeptCreate(raw) : undefined,
  };
}

function toKeptCreate(raw: RawRow): KeptCreate {
  const row = RowReader.of(raw);
  return {
    argsDigest: row.text('kept_args_digest'),
    objectId: row.text('kept_object_id'),
    device: row.exists('device') ? toStoredDevice(raw) : undefined,
    isGone: row.flag('is_gone'),
  };
}
