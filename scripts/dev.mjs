// npm run dev: serves while you edit. The compiler watches src/, Node restarts the server when dist/ changes, and the
// embedded PostgreSQL of DATA_DIR stays up in this process. Ctrl-C ends all of it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { startEmbeddedPostgres } from '../dist/embedded-postgres/embedded-postgres.js';

const dataDir = process.env['DATA_DIR'] ?? '.data';
const postgres = await startEmbeddedPostgres({ dataDir });
const env = { ...process.env, DATA_DIR: dataDir, DATABASE_URL: postgres.url };

// The demo fleet is loaded once; records that are there stay as they are.
spawnSync(process.execPath, ['dist/commands/import.js', 'prisma/demo-fleet.json'], { env, stdio: 'inherit' });
const demo = ['--level', 'MANAGER', '--customer', '12345678901234567890cccc', '--ttl', '12h'];
const token = spawnSync(process.execPath, ['dist/commands/token.js', ...demo], { env, encoding: 'utf8' });
process.stdout.write(`A MANAGER token of the demo fleet, valid for 12 hours:\n${token.stdout}\n`);

const compiler = spawn(
  process.execPath,
  [
    'node_modules/typescript/bin/tsc',
    '-p',
    'tsconfig.build.json',
    '--noCheck',
    '--watch',
    '--preserveWatchOutput',
  ],
  { stdio: 'inherit' },
);
const server = spawn(
  process.execPath,
  ['--watch', '--watch-preserve-output', '--enable-source-maps', 'dist/main.js'],
  {
    env,
    stdio: 'inherit',
  },
);
const children = [compiler, server];

await Promise.race([
  once(process, 'SIGINT'),
  once(process, 'SIGTERM'),
  ...children.map((child) => once(child, 'close')),
]);
const closed = children.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'close'));
for (const child of children) child.kill('SIGTERM');
await Promise.all(closed);
await postgres.stop();
