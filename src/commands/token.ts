import { parseArgs } from 'node:util';
import { ACCESS_LEVELS, isUsefulAlone, SCOPES } from '../access/viewer.js';
import type { TokenClaims } from '../auth/bearer.js';
import { localIssuer } from '../auth/local-issuer.js';
import { loadSettings } from '../config/settings.js';
import { parseId } from '../domain/id.js';
import { StartupError } from '../errors/startup-error.js';
import { dataDirIssuerKey } from '../data-dir/secrets.js';
import { runCommand } from './run-command.js';

const USAGE = [
  'Usage: npm run token -- --level MANAGER --customer ID [--scope SCOPE] [--subject ID] [--ttl 15m]',
  '       npm run token -- --scope SCOPE [--level MANAGER] [--customer ID] [--subject ID] [--ttl 15m]',
  `Scopes: ${SCOPES.join(', ')}`,
].join('\n');

/** Prints a token of the local issuer, alone on stdout. */
await runCommand(async () => {
  const { claims, ttl } = readArguments();
  const settings = loadSettings();
  if (settings.issuer.kind !== 'local') {
    const name = settings.issuer.kind === 'external' ? 'AUTH_JWKS_URL' : 'AUTH_VALIDATE_TOKEN_URL';
    throw new StartupError(`${name} is set: tokens come from that issuer, the local one is not asked.`);
  }
  if (settings.isProduction) {
    throw new StartupError('NODE_ENV is production: the local issuer is for development.');
  }
  const issuer = localIssuer(await dataDirIssuerKey(settings.dataDir));
  process.stdout.write(`${await issuer.issue(claims, ttl)}\n`);
});

function readArguments(): { readonly claims: TokenClaims; readonly ttl: string } {
  const { level, customer, scope, subject, ttl } = parse();
  const knownScope = SCOPES.find((candidate) => candidate === scope);
  if (scope !== undefined && knownScope === undefined)
    throw misuse(`--scope is one of ${SCOPES.join(', ')}.`);
  // Without a scope that is of use by itself a token needs level and customer.
  const isOptional = knownScope !== undefined && isUsefulAlone(knownScope);
  const knownLevel = ACCESS_LEVELS.find((candidate) => candidate === level);
  if (knownLevel === undefined && !(isOptional && level === undefined)) {
    throw misuse(`--level is one of ${ACCESS_LEVELS.join(', ')}.`);
  }
  const customerId = parseId(customer ?? '');
  if (customerId === undefined && !(isOptional && customer === undefined)) {
    throw misuse('--customer is an id of 24 hex digits.');
  }
  if (!/^[1-9]\d{0,5}[smhd]$/.test(ttl))
    throw misuse('--ttl is a number with s, m, h or d behind it, e.g. 15m.');
  if (subject === '') throw misuse('--subject is empty.');
  return {
    claims: {
      subject,
      ...(knownLevel !== undefined && { level: knownLevel }),
      ...(customerId !== undefined && { customerId }),
      ...(knownScope !== undefined && { scope: knownScope }),
    },
    ttl,
  };
}

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        level: { type: 'string' },
        customer: { type: 'string' },
        scope: { type: 'string' },
        subject: { type: 'string', default: 'local-user' },
        ttl: { type: 'string', default: '15m' },
      },
    });
    return values;
  } catch (error) {
    throw misuse(error instanceof Error ? error.message : '');
  }
}

function misuse(problem: string): StartupError {
  return new StartupError(`${problem}\n${USAGE}`);
}
