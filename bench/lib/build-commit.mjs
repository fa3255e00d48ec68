import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Below node_modules, so that the packages of this checkout are found. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'bench');

/**
 * Compiles a commit of this repository beside the build of the checkout, once.
 * @returns the path of its entry point
 */
export async function buildCommit(revision) {
  const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
  const folder = join(CACHE, git('rev-parse', '--verify', `${revision}^{commit}`));
  const main = join(folder, 'dist', 'main.js');
  if (existsSync(main)) return main;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = join(folder, 'source.tar');
  git('archive', `--output=${archive}`, revision);
  const run = (command, ...args) =>
    execFileSync(command, args, {
      cwd: folder,
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
      stdio: ['ignore', 2, 2],
    });
  run('tar', '-xf', archive);
  rmSync(archive);
  // Packages that the checkout has no more, or in other versions, are installed beside it.
  const lockOf = (root) => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lockOf(folder) !== lockOf(ROOT)) run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  const tool = (path) => join(ROOT, 'node_modules', path);
  run(process.execPath, tool('prisma/build/index.js'), 'generate');
  run(process.execPath, tool('typescript-7/bin/tsc'), '-p', 'tsconfig.build.json', '--noCheck');
  return main;
}
