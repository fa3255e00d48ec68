import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Where a field may stand, and what need not know it: rows of measurements, and what is generated. */
const files = [
  'prisma/schema.prisma',
  ...readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^(generated|persistence\/fixtures)\//.test(name))
    .map((name) => `src/${name}`),
];

/** The section of CONTRIBUTING.md with this title. */
function recipe(title: string): string {
  const [, text = ''] = readFileSync('CONTRIBUTING.md', 'utf8').split(`## ${title}\n`);
  return text.split('\n## ')[0] ?? '';
}

const SETTING = (section: string): string[] => [
  'prisma/schema.prisma',
  `src/domain/${section}.ts`,
  'src/persistence/rows/fields.ts',
  `src/graphql/schema/types/${section}-settings.ts`,
  'src/graphql/schema/inputs/device-update-input.ts',
];

const STATUS = [
  'prisma/schema.prisma',
  'src/domain/device-status.ts',
  'src/domain/status-report.ts',
  'src/persistence/rows/fields.ts',
  'src/graphql/schema/types/device-status.ts',
  'src/graphql/schema/inputs/device-status-report.ts',
];

describe('a field of a device stands at the places of its recipe, and nowhere else', () => {
  it.each([
    { name: 'a WiFi setting', field: /\bbandsteering\b|wifi_bandsteering/, places: SETTING('wifi') },
    { name: 'a DHCP setting', field: /primaryDnsServer|dhcp_primary_dns_server/, places: SETTING('dhcp') },
    { name: 'a value of the status', field: /\bdns2\b/, places: STATUS },
  ])('$name', ({ field, places }) => {
    const found = files.filter((file) => field.test(readFileSync(file, 'utf8')));
    expect(found.toSorted()).toEqual(places.toSorted());
    const text = recipe('Add a setting of a device');
    for (const place of places) expect(text).toContain(`\`${place.replace(/^src\//, '')}\``);
  });
});
