import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { ask, type Reply } from './client.js';
import type { Rig } from './rig.js';

/** One update that sets three fields of two sections to the same mark: a write by half shows. */
const UPDATE = `mutation ($id: ID!, $mark: String!) {
  updateNetworkDevice(id: $id, input: { name: $mark, notes: $mark, wifi: { ssid: $mark } }) { version }
}`;

/** Clients that change devices without end. */
export interface Writers {
  /** Everything that came back so far. */
  readonly replies: readonly Reply[];
  /** Lets each finish what it has begun. */
  readonly stop: () => Promise<void>;
}

let runs = 0;

/**
 * Starts clients that change the devices of a rig one after the other, over and over, all of them the same ones.
 * @param urlNow where the gateway is at the moment
 */
export async function startWriters(
  rig: Pick<Rig, 'token' | 'devices'>,
  count: number,
  urlNow: () => string,
): Promise<Writers> {
  const token = await rig.token('MANAGER');
  const replies: Reply[] = [];
  let isStopping = false;
  runs += 1;
  const run = `${process.pid}-${runs}`;
  const write = async (writer: number): Promise<void> => {
    for (let turn = 0; !isStopping; turn += 1) {
      const requestId = `r${run}-w${writer}-${turn}`;
      const { id } = rig.devices[(writer + turn) % rig.devices.length] ?? { id: '' };
      const variables = { id, mark: requestId };
      const reply = await ask({ url: urlNow(), token, requestId, query: UPDATE, variables });
      replies.push(reply);
      // Whoever was refused does not hammer at the door.
      if (reply.outcome !== 'done') await delay(20);
    }
  };
  const running = Array.from({ length: count }, async (_, writer) => await write(writer));
  return {
    replies,
    stop: async () => {
      isStopping = true;
      await Promise.all(running);
    },
  };
}

/** Which of the clients sent a request. */
export function writerOf(requestId: string): string | undefined {
  return /-w(\d+)-/.exec(requestId)?.[1];
}

/** Updates per second that were acknowledged between two moments. */
export function throughput(replies: readonly Reply[], from: number, to: number): number {
  const done = replies.filter(
    ({ outcome, endedAt }) => outcome === 'done' && endedAt >= from && endedAt < to,
  );
  return (done.length / (to - from)) * 1_000;
}

/** How long after a moment clients get this much done in a second for the first time, in milliseconds; infinite: never. */
export function recoveredAfter(replies: readonly Reply[], since: number, perSecond: number): number {
  const last = Math.max(...replies.map(({ endedAt }) => endedAt));
  for (let from = since; from + 1_000 <= last; from += 100) {
    if (throughput(replies, from, from + 1_000) >= perSecond) return from + 1_000 - since;
  }
  return Infinity;
}

/** What the audit trail says of the updates of writers. */
export interface Ledger {
  readonly acknowledged: number;
  /** Acknowledged, and not in the database. */
  readonly lost: number;
  /** In the database, and not acknowledged. */
  readonly unacknowledged: number;
}

/** The id that a client gave its request, without the mark of its subject. */
const REQUEST_ID = String.raw`regexp_replace(request_id, '\.[\w-]{11}$', '')`;

/** Holds what clients were told against what the database has; a device, its jobs and its trail must tell the same story. */
export async function settle(rig: Rig, replies: readonly Reply[]): Promise<Ledger> {
  const trail = await rig.rows(
    `SELECT ${REQUEST_ID} AS request_id FROM device_audit WHERE action <> 'IMPORT'`,
  );
  const audited = new Set(trail.map(({ request_id: id }) => id));
  const acknowledged = new Set(
    replies.filter(({ outcome }) => outcome === 'done').map(({ requestId }) => requestId),
  );
  expect(acknowledged.size).toBeGreaterThan(0);
  expect(await rig.rows(TORN)).toEqual([]);
  return {
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((id) => !audited.has(id)).length,
    unacknowledged: replies.filter(({ requestId: id }) => audited.has(id) && !acknowledged.has(id)).length,
  };
}

/** Devices that were written by half, or whose jobs, notes for subscribers or audit trail lack a write or have one too many. */
const TORN = `SELECT d.id, d.version, d.name, d.notes, d.wifi_ssid, d.state, d.jobs, t.*, j.*, c.* FROM network_device d,
  LATERAL (
    SELECT count(*)::integer AS audited, max(version) AS last_version,
      (array_agg(${REQUEST_ID} ORDER BY id DESC))[1] AS last_request, count(DISTINCT version)::integer AS versions
    FROM device_audit WHERE device_id = d.id AND action <> 'IMPORT'
  ) t,
  LATERAL (
    SELECT count(*)::integer AS all_jobs, count(*) FILTER (WHERE state = 'QUEUED')::integer AS queued
    FROM provisioning_job WHERE device_id = d.id
  ) j,
  LATERAL (SELECT count(*)::integer AS noted FROM device_change WHERE device_id = d.id) c
  WHERE d.version > 1 AND (d.name, d.notes, d.wifi_ssid, d.state, d.jobs, d.version, d.version, d.version, d.version, d.version, queued)
    IS DISTINCT FROM (last_request, last_request, last_request, 'PROVISIONING', 1, last_version, versions + 1, audited + 1, all_jobs + 1, noted + 1, 1)
  OR d.version = 1 AND (audited, all_jobs, noted) <> (0, 0, 0)`;
