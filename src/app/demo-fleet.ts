import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { importFleet } from '../operations/import-fleet/import-fleet.js';
import { writeFleet } from '../persistence/devices/fleet-writer.js';
import { type Storage } from '../persistence/setup/open-storage.js';

/** The customers that the tokens of the banner are for. */
export const NORDLYS_NET = '52f4fd7734697b28ccaf0001';
export const BAGERIET = '12345678901234567890cccc';
const DEMO_CUSTOMERS = [NORDLYS_NET, BAGERIET];

const DEMO_FLEET = new URL('../../prisma/demo-fleet.json', import.meta.url);

/**
 * An embedded database gets the demo fleet, also beside a fleet that was imported before. Customers are never deleted, so
 * theirs show that it was loaded: what a user deletes of it later stays deleted.
 */
export async function loadDemoFleetOnce({ database, keyRing }: Storage, log: Logger): Promise<void> {
  const known = await database.prisma.customer.count({ where: { id: { in: DEMO_CUSTOMERS } } });
  if (known > 0) return;
  const content: unknown = JSON.parse(await readFile(DEMO_FLEET, 'utf8'));
  const outcome = await importFleet(
    async (work) => await writeFleet(database.prisma, keyRing, work),
    content,
    () => undefined,
    new Date(),
  );
  if ('errors' in outcome) {
    // What was imported has a MAC address of it, or the like.
    log.warn({ errors: outcome.errors }, 'demo fleet not loaded');
    return;
  }
  log.info(outcome.inserted, 'demo fleet loaded');
}
