// Lists the licences of everything that a running gateway is made of, out of package-lock.json; `--check` compares.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../docs/licences.md', import.meta.url);
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

const byLicence = new Map();
for (const [path, { version, license, dev, devOptional, link }] of Object.entries(lock.packages)) {
  // A link leads to a folder of this repository.
  if (path === '' || dev || devOptional || link) continue;
  const name = path.replace(/^.*node_modules\//, '');
  const licence = license ?? 'unknown';
  byLicence.set(licence, (byLicence.get(licence) ?? new Set()).add(`${name} ${version}`));
}

const sections = [...byLicence]
  .toSorted(([one], [other]) => (one < other ? -1 : 1))
  .map(([licence, packages]) => `## ${licence}\n\n${[...packages].toSorted().join(', ')}\n`);
const text = `# Licences\n\nOf every package that a running gateway can load. \`npm run licences\` writes this page, \`npm run check\` compares it.\n\n${sections.join('\n')}`;

if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write('docs/licences.md is not what package-lock.json says. Run `npm run licences`.\n');
  process.exitCode = 1;
}
