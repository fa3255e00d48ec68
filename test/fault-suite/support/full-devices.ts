import type { Rig } from './rig.js';

/** Gives devices as many notes and reservations as a device may have. */
export async function fillDevices({ rows }: Rig, ids: readonly string[]): Promise<void> {
  await rows(FILL, [ids]);
}

const FILL = `UPDATE network_device SET notes = repeat('😀', 4096), dhcp_reserved_clients = (
    SELECT jsonb_agg(jsonb_build_object(
      'mac', '0242ac11' || lpad(to_hex(n), 4, '0'), 'ip', '192.168.' || 1 + n / 250 || '.' || n % 250, 'enable', true, 'id', 'r' || n
    )) FROM generate_series(1, 256) n
  ) WHERE id = ANY ($1)`;
