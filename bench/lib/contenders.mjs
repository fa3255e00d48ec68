// Who is measured, and how each is started: one Node process, production mode.
import { startServer } from './processes.mjs';

/** By name; `kind` decides how they are asked. */
export const CONTENDERS = [
  { name: 'usual stack', kind: 'graphql', file: 'usual-stack' },
  { name: 'Mercurius, loaders', kind: 'graphql', file: 'mercurius-loaders' },
  { name: 'Mercurius, one statement', kind: 'graphql', file: 'mercurius-one-statement' },
  { name: 'bare', kind: 'bare', file: 'bare' },
  { name: 'Device Gateway', kind: 'ours' },
];

export const OURS = CONTENDERS.find(({ kind }) => kind === 'ours');

/** What they are all measured against. */
export const USUAL = 'usual stack';
export const BARE = 'bare';

/**
 * Starts a contender on a database.
 * @param platform what the gateway needs around it
 * @param more settings, arguments of Node and the entry point of another build of the gateway
 */
export async function startContender(
  { kind, file },
  databaseUrl,
  platform,
  { env = {}, nodeArgs = [], main = 'dist/main.js' } = {},
) {
  if (kind === 'ours') {
    return await startServer([...nodeArgs, main], {
      ...platform.env,
      DATABASE_URL: databaseUrl,
      ...env,
    });
  }
  const settings = { NODE_ENV: 'production', DATABASE_URL: databaseUrl };
  return await startServer([`bench/contenders/${file}.mjs`], settings);
}
