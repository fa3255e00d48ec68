import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { importFleet } from '../operations/import-fleet/import-fleet.js';
import { writeFleet } from '../persistence/devices/fleet-writer.js';
import { type Storage } from '../persistence/setup/open-storage.js';

const DEMO_FLEET = new URL('../../prisma/demo-fleet.json', import.meta.url);

/** An empty embedded database gets the demo fleet; what a user deletes later stays deleted. */
export async function loadDemoFleetOnce({ database, keyRing }: Storage, log: Logger): Promise<void> {
  if ((await database.prisma.customer.count()) > 0) return;
  const content: unknown = JSON.parse(await readFile(DEMO_FLEET, 'utf8'));
  const outcome = await importFleet(
    async (work) => await writeFleet(database.prisma, keyRing, work),
    content,
    () => undefined,
    new Date(),
  );
  if ('errors' in outcome) throw new Error(`The demo fleet is not right: ${outcome.errors.join(' ')}`);
  log.info(outcome.inserted, 'demo fleet loaded');
}
