import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { z } from 'zod';
import type { TestGateway } from './gateway.js';
import { queryAt } from './gateway.js';
import { startServer } from './processes.js';

const PROJECT = resolve(import.meta.dirname, '..', '..');
/** A new installation of the packages removes it. */
const CACHE = join(PROJECT, 'node_modules', '.cache', 'previous-build');

const releasesFile = z.strictObject({
  releases: z.array(z.strictObject({ name: z.string(), commit: z.string().regex(/^[0-9a-f]{40}$/) })),
});

/** The newest release, compiled. */
export interface PreviousBuild {
  readonly name: string;
  /** Path of its entry point. */
  readonly main: string;
  /** Path of one of its commands. */
  readonly command: (name: string) => string;
}

/** A gateway of the previous build, beside a test gateway: same database, keys and issuer. */
export interface PreviousGateway extends Pick<TestGateway, 'url' | 'query'> {
  /** Everything it logged so far, one JSON object a line. */
  readonly logLines: string[];
  readonly stop: () => Promise<void>;
}

/**
 * Builds the newest release of docs/releases.json out of the git history, once for each installation.
 * @returns undefined, with a message, where the history does not hold its commit
 */
export async function previousBuild(): Promise<PreviousBuild | undefined> {
  const { releases } = releasesFile.parse(
    JSON.parse(await readFile(join(PROJECT, 'docs', 'releases.json'), 'utf8')),
  );
  const newest = releases.at(-1);
  if (newest === undefined) throw new Error('docs/releases.json holds no release.');
  const { name, commit } = newest;
  const folder = join(CACHE, commit);
  const build: PreviousBuild = {
    name,
    main: join(folder, 'dist', 'main.js'),
    command: (command) => join(folder, 'dist', 'commands', `${command}.js`),
  };
  if (await exists(build.main)) return build;
  if (!(await isInHistory(commit))) {
    process.stderr.write(`Skipped: the git history does not hold release ${name} (${commit}).\n`);
    return undefined;
  }
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, 'draft-'));
  try {
    await compile(commit, draft);
    await rename(draft, folder);
  } catch (error) {
    // Another test file may have been faster.
    if (!(await exists(build.main))) throw error;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return build;
}

async function compile(commit: string, folder: string): Promise<void> {
  const archive = join(folder, 'source.tar');
  await run(folder, 'git', ['-C', PROJECT, 'archive', `--output=${archive}`, commit]);
  await run(folder, 'tar', ['-xf', archive]);
  await rm(archive);
  await installPackages(folder);
  await run(folder, process.execPath, ['node_modules/prisma/build/index.js', 'generate']);
  const compiler = join(PROJECT, 'node_modules', 'typescript-7', 'bin', 'tsc');
  await run(folder, process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck']);
}

/** Installs the packages of a build, or links those of this checkout where they are the same: an installation takes longer than all else here. */
async function installPackages(folder: string): Promise<void> {
  const [own, present] = [await lockedPackages(folder), await lockedPackages(PROJECT)];
  if (isDeepStrictEqual(own, present)) {
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    return;
  }
  const isSamePrisma = own.prisma === present.prisma;
  await run(folder, 'npm', [
    'ci',
    // Its tools take three quarters of the time; those of this checkout do where the generated client is the same.
    isSamePrisma ? '--omit=dev' : '--include=dev',
    // The embedded PostgreSQL, which is not needed.
    '--omit=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ]);
  if (isSamePrisma) {
    await symlink(join(PROJECT, 'node_modules', 'prisma'), join(folder, 'node_modules', 'prisma'));
  }
}

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      // A link to a folder of the checkout has none.
      version: z.string().optional(),
      dev: z.boolean().default(false),
      optional: z.boolean().default(false),
      // The command line of Prisma, and what it needs.
      devOptional: z.boolean().default(false),
    }),
  ),
});

/** The packages that a checkout runs with, wherever they lie, and the version of Prisma's generator that it is built with. */
async function lockedPackages(
  folder: string,
): Promise<{ readonly atRunTime: readonly string[]; readonly prisma: string | undefined }> {
  const { packages } = lockFile.parse(JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')));
  const atRunTime = Object.entries(packages)
    .filter(([path, { dev, optional, devOptional }]) => path !== '' && !dev && !optional && !devOptional)
    .flatMap(([path, { version }]) =>
      version === undefined ? [] : [`${path.replace(/^.*node_modules\//, '')} ${version}`],
    );
  return { atRunTime: [...new Set(atRunTime)].sort(), prisma: packages['node_modules/prisma']?.version };
}

async function run(cwd: string, command: string, args: readonly string[]): Promise<void> {
  // Generating needs no schema engine, but the command line would download one first; any executable stops that.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' };
  await promisify(execFile)(command, [...args], { cwd, env });
}

async function isInHistory(commit: string): Promise<boolean> {
  return await promisify(execFile)('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: PROJECT }).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Starts the previous build beside a test gateway.
 * @param env more settings, as in the environment
 */
export async function startPreviousGateway(
  { main }: PreviousBuild,
  gateway: Pick<TestGateway, 'env'>,
  env: Readonly<Record<string, string>> = {},
): Promise<PreviousGateway> {
  const server = await startServer({ LOG_LEVEL: 'debug', ...gateway.env, ...env }, [], main);
  return {
    url: server.url,
    query: async (query, options) => await queryAt(server.url, query, options),
    get logLines() {
      return server.output.stdout.split('\n');
    },
    stop: async () => {
      const { code, stderr } = await server.end('SIGTERM');
      if (code !== 0) throw new Error(`The previous build ended with ${String(code)}: ${stderr}`);
    },
  };
}
