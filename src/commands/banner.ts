import { ACCESS_LEVELS, type AccessLevel } from '../access/viewer.js';
import type { App } from '../app/app.js';
import { BAGERIET, NORDLYS_NET } from '../app/demo-fleet.js';
import { isLoopback } from '../config/loopback.js';

const VALID_FOR = '12h';

/** For whom the tokens are: everyone below a reseller belongs to the bakery whose router the README changes. */
function customerOf(level: AccessLevel): string {
  switch (level) {
    case 'NO_LOGIN':
    case 'PERSONAL':
    case 'VIEWER':
    case 'MANAGER':
    case 'OWNER':
      return BAGERIET;
    case 'RESELLER':
    case 'RESELLER_ADMIN':
    case 'ADMIN':
      return NORDLYS_NET;
  }
}

/**
 * Prints the URL, and a ready token for each access level of the demo fleet. It is shown only where nobody but this
 * machine can use the tokens: with the embedded database on a loopback address. Elsewhere stdout holds nothing but the log.
 */
export async function printBanner({ url, issuer, isDatabaseEmbedded }: App, host: string): Promise<void> {
  if (!isDatabaseEmbedded || !isLoopback(host)) return;
  const lines = ['', `Device Gateway serves GraphQL at ${url}`, ''];
  if (issuer !== undefined) {
    lines.push(
      `Tokens for the demo fleet, valid for ${VALID_FOR}. Send one as "Authorization: Bearer <token>".`,
      '',
    );
    for (const level of ACCESS_LEVELS) {
      const claims = { subject: `demo-${level.toLowerCase()}`, customerId: customerOf(level), level };
      lines.push(`  ${level.padEnd(14)} ${await issuer.issue(claims, VALID_FOR)}`);
    }
    lines.push('');
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
