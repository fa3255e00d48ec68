import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

// The recipe "Add a setting of a device" of CONTRIBUTING.md, followed in a copy of the sources.

const PROJECT = resolve(import.meta.dirname, '..', '..');

/** What a build needs, but for the packages. */
const SOURCES = ['src', 'prisma', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Text that goes behind the one place of a file where another text stands. */
interface Edit {
  readonly file: string;
  readonly behind: string;
  readonly add: string;
}

/** A place of the recipe for settings, by its number. */
const SETTINGS: readonly Edit[] = [
  // 1. The database; its migration is below.
  {
    file: 'prisma/schema.prisma',
    behind: '@map("wifi_bandsteering")\n',
    add: `  wifiHidden       Boolean? @map("wifi_hidden")
  wifiCountryCode  String?  @map("wifi_country_code")
`,
  },
  // 2. The rules.
  {
    file: 'src/domain/wifi.ts',
    behind: '  readonly bandsteering: boolean;\n',
    add: `  readonly hidden: boolean;
  readonly countryCode: string | null;
`,
  },
  {
    file: 'src/domain/wifi.ts',
    behind: "  bandsteering: 'flag',\n",
    add: "  hidden: 'flag',\n  countryCode: 'text',\n",
  },
  {
    file: 'src/domain/wifi.ts',
    behind: '    ...bandsteeringViolations(wifi),\n',
    add: `    ...(/^[A-Z]{2}$/.test(wifi.countryCode ?? 'NL')
      ? []
      : [violation('wifi.countryCode', 'Not two capital letters.')]),
`,
  },
  // 3. The row.
  {
    file: 'src/persistence/rows/fields.ts',
    behind: "  bandsteering: flag('wifi_bandsteering'),\n",
    add: "  hidden: flag('wifi_hidden'),\n  countryCode: text('wifi_country_code'),\n",
  },
  // 4. What clients read.
  {
    file: 'src/graphql/schema/types/wifi-settings.ts',
    behind: '  readonly bandsteering: boolean;\n',
    add: `
  @Field(() => Boolean, { nullable: true, description: 'True if the networks do not show their names.' })
  readonly hidden: boolean;

  @Field(() => String, { nullable: true, description: 'Country whose rules of radio hold: two letters.' })
  readonly countryCode: string | null;
`,
  },
  {
    file: 'src/graphql/schema/types/wifi-settings.ts',
    behind: '    this.bandsteering = wifi.bandsteering;\n',
    add: '    this.hidden = wifi.hidden;\n    this.countryCode = wifi.countryCode;\n',
  },
  {
    file: 'src/graphql/cost/field-sizes.ts',
    behind: "    'WifiSettings.ssid6G': SSID,\n",
    add: "    'WifiSettings.countryCode': ascii(2, 2),\n",
  },
  // 5. What clients write.
  {
    file: 'src/graphql/schema/inputs/device-update-input.ts',
    behind: '  bandsteering?: boolean | null;\n',
    add: `
  @Field(() => Boolean, { nullable: true, description: 'True to hide the names of the networks.' })
  hidden?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Country whose rules of radio hold: two letters.' })
  countryCode?: string | null;
`,
  },
];

/** The same for a value of the status. */
const STATUS: readonly Edit[] = [
  {
    file: 'prisma/schema.prisma',
    behind: '@map("connection_seconds")\n',
    add: '  temperature       Int?\n',
  },
  {
    file: 'src/domain/device-status.ts',
    behind: '  readonly connectionSeconds: number | null;\n',
    add: '  readonly temperature: number | null;\n',
  },
  {
    file: 'src/domain/device-status.ts',
    behind: '  connectionSeconds: null,\n',
    add: '  temperature: null,\n',
  },
  {
    file: 'src/domain/status-report.ts',
    behind: "  connectionTime: 'int',\n",
    add: "  temperature: 'int',\n",
  },
  {
    file: 'src/domain/status-report.ts',
    behind: '  connectionTime: COUNT,\n',
    add: '  temperature: STRENGTH,\n',
  },
  {
    file: 'src/persistence/rows/fields.ts',
    behind: "  connectionSeconds: number('connection_seconds'),\n",
    add: "  temperature: number('temperature'),\n",
  },
  {
    file: 'src/graphql/schema/types/device-status.ts',
    behind: '  readonly connectionTime: number | null;\n',
    add: `
  @Field(() => Int, { nullable: true, description: 'Temperature of the device, in degrees Celsius.' })
  readonly temperature: number | null;
`,
  },
  {
    file: 'src/graphql/schema/types/device-status.ts',
    behind: '    this.connectionTime = status.connectionSeconds;\n',
    add: '    this.temperature = status.temperature;\n',
  },
  {
    file: 'src/graphql/schema/inputs/device-status-report.ts',
    behind: '  connectionTime?: number | null;\n',
    add: `
  @Field(() => Int, { nullable: true, description: 'Temperature of the device, in degrees Celsius.' })
  temperature?: number | null;
`,
  },
];

/** The function of the rules, as the newest migration has it that replaces it, and the trigger that calls it. */
const RULES = /CREATE (?:OR REPLACE )?FUNCTION "network_device_check_settings"\(\)[^]*?\nEND \$\$;\n/;
const TRIGGER = /CREATE (?:OR REPLACE )?TRIGGER "network_device_check_settings"[^]*?;\n/;

/** Adds text behind the one place where another text stands. */
function added(text: string, { file, behind, add }: Edit): string {
  const [before, after, ...more] = text.split(behind);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`The recipe fits no longer: not one place in ${file} holds ${JSON.stringify(behind)}.`);
  }
  return before + behind + add + after;
}

/** The newest form of a statement among the migrations. */
async function newest(folder: string, statement: RegExp): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /^\d/.test(name)).toSorted();
  for (const name of names.toReversed()) {
    const [found] = statement.exec(await readFile(join(folder, name, 'migration.sql'), 'utf8')) ?? [];
    if (found !== undefined) return found.replace(/^CREATE (OR REPLACE )?/, 'CREATE OR REPLACE ');
  }
  throw new Error(`The recipe fits no longer: no migration holds ${String(statement)}.`);
}

async function addMigration(root: string): Promise<void> {
  const folder = join(root, 'prisma/migrations');
  const file = 'network_device_check_settings';
  const rules = [
    {
      file,
      behind: " THEN 'wifi_password'\n",
      add: `    WHEN NEW."wifi_country_code" !~ '^[A-Z]{2}$' THEN 'wifi_country_code'\n`,
    },
    {
      file,
      behind: 'END;\nBEGIN\n',
      add: `  -- The build before drops and makes sections without knowing these columns.
  IF NEW."wifi_enabled" IS NULL THEN
    NEW."wifi_hidden" := NULL;
    NEW."wifi_country_code" := NULL;
  END IF;
`,
    },
  ].reduce(added, await newest(folder, RULES));
  const trigger = added(await newest(folder, TRIGGER), {
    file,
    behind: '"wifi_bandsteering", ',
    add: '"wifi_hidden", "wifi_country_code", ',
  });
  const migration = `ALTER TABLE "network_device" ADD COLUMN "wifi_hidden" BOOLEAN, ADD COLUMN "wifi_country_code" TEXT;
ALTER TABLE "device_status" ADD COLUMN "temperature" INTEGER;
${rules}${trigger}`;
  await mkdir(join(folder, '99990101000000_added_fields'));
  await writeFile(join(folder, '99990101000000_added_fields', 'migration.sql'), migration);
}

/** A copy of the sources with fields more. */
export interface RecipeCopy {
  readonly folder: string;
  /** The compiled server. */
  readonly main: string;
  /** Checks the types and compiles; what the compiler finds is thrown. */
  readonly compile: () => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** Copies the sources and follows the recipe: WiFi gets `hidden` and `countryCode`, the status gets `temperature`. */
export async function followRecipe(): Promise<RecipeCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(
      SOURCES.map(async (name) => {
        await cp(join(PROJECT, name), join(folder, name), { recursive: true });
      }),
    );
    await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    for (const edit of [...SETTINGS, ...STATUS]) {
      const file = join(folder, edit.file);
      await writeFile(file, added(await readFile(file, 'utf8'), edit));
    }
    await addMigration(folder);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    folder,
    main: join(folder, 'dist/main.js'),
    compile: async () => {
      await compile(folder);
    },
    remove,
  };
}

async function compile(folder: string): Promise<void> {
  const args = ['node_modules/typescript-7/bin/tsc', '-p', 'tsconfig.build.json', '--pretty', 'false'];
  await promisify(execFile)(process.execPath, args, { cwd: folder }).catch((error: unknown) => {
    throw error instanceof Error && 'stdout' in error ? new Error(String(error.stdout)) : error;
  });
}
