import { StartupError } from '../../errors/startup-error.js';
import type { Prisma } from '../database/prisma-over-pool.js';
import { type KeyRing, SealedText, sealPrefix } from '../../secrets/key-ring.js';

const KNOWN_TEXT = 'device-gateway';
const FIELD = 'check';

/**
 * Makes sure that the key ring can open what the database holds, by the check value that each key left there
 * when it was first used.
 * @throws StartupError when a key that stored secrets need is missing or is another one under the same name
 */
export async function checkKeyRing(prisma: Prisma, keyRing: KeyRing): Promise<void> {
  const { currentKeyId } = keyRing;
  await prisma.secretKeyCheck.createMany({
    data: { keyId: currentKeyId, checkValue: keyRing.seal(KNOWN_TEXT, currentKeyId, FIELD).sealed },
    skipDuplicates: true,
  });
  for (const { keyId, checkValue } of await prisma.secretKeyCheck.findMany()) {
    if (!keyRing.has(keyId)) await retire(prisma, keyId);
    else if (!opens(keyRing, keyId, checkValue)) {
      throw new StartupError(
        `WIFI_SECRET_KEYS: key "${keyId}" is not the one that sealed the WiFi passwords in this database. ` +
          'Restore the key that was in use, or give the new key an id of its own and keep the old one behind it.',
      );
    }
  }
}

function opens(keyRing: KeyRing, keyId: string, checkValue: string): boolean {
  try {
    return keyRing.open(new SealedText(checkValue), keyId, FIELD) === KNOWN_TEXT;
  } catch {
    return false;
  }
}

/** A key may leave the ring once nothing that is stored needs it. */
async function retire(prisma: Prisma, keyId: string): Promise<void> {
  const prefix = sealPrefix(keyId);
  const users = await prisma.$queryRaw<unknown[]>`SELECT 1 FROM network_device
    WHERE starts_with(wifi_password, ${prefix}) OR starts_with(wifi_password_5g, ${prefix})
      OR starts_with(wifi_password_6g, ${prefix})
    UNION ALL SELECT 1 FROM device_audit WHERE old_values IS NOT NULL
      AND (starts_with(old_values ->> 'wifi_password', ${prefix}) OR starts_with(old_values ->> 'wifi_password_5g', ${prefix})
        OR starts_with(old_values ->> 'wifi_password_6g', ${prefix}))
    UNION ALL SELECT 1 FROM idempotency_secret WHERE starts_with(sealed, ${prefix}) LIMIT 1`;
  if (users.length > 0) {
    throw new StartupError(
      `WIFI_SECRET_KEYS: the database holds secrets (WiFi passwords of devices, or of their history, or that of idempotency keys) sealed with key "${keyId}", which is not in the ring. Add it.`,
    );
  }
  await prisma.secretKeyCheck.delete({ where: { keyId } });
}
