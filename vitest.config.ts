import { availableParallelism } from 'node:os';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** Pure code and parts that need no server. */
const UNIT = [
  'test/{config,domain,limits,operations,provisioning,timing}/**/*.test.ts',
  'test/access/policy.test.ts',
  'test/docs/**/*.test.ts',
  'test/auth/{cached-authenticate,credential-watch,issuer-keys}.test.ts',
  'test/errors/{catalogue,enum-violations,wire}.test.ts',
  'test/graphql/{coerce-fitting.property,document-cost,document-limits,plan-cache,plans}.test.ts',
  'test/http/{device-page-format,device-page,unread-answers-limit}.test.ts',
  'test/live/{change-hub,change-snapshot}.test.ts',
  'test/persistence/{batch-queue,database-errors,key-counts,key-ring,row-waits}.test.ts',
];

/** Real clients, portals and code generators from npm, in a package of their own: `npm run test:clients`. */
const CLIENTS = ['test/clients/{*,composition/*}.test.ts'];

/** Rows of the fault suite that `npm test` has, too: those about secrets and lost writes, which are quick. */
const QUICK_FAULTS = 'canary-secrets|write-cut';

/** Rows with bounds in seconds, which leave little room for what else the machine does. The others count losses, CPU and memory. */
const TIMED_FAULTS = [
  'test/fault-suite/{database-stopped,mixed-load,moved-tree,pool-exhausted,slow-loris}.test.ts',
];

/** Those that come near their bounds on CPU. A request takes more of it while the other core is busy, so they run alone. */
const CPU_FAULTS = ['test/fault-suite/hostile-{connections,documents,requests}.test.ts'];

/**
 * The form of the fault suite: its quick rows alone, beside all other tests (`quick`); its long rows alone, in short (`long`); all
 * rows in full length (`whole`). Otherwise all in short, beside the other tests.
 */
const { FAULTS: faults, OPERATING: operating } = process.env;

/** What needs Debian's packages: `apart` where they are run by themselves. */
const NEEDS_PACKAGES = ['test/{operating,examples/router}/**'];

const LONG_FAULTS = `test/fault-suite/!(${QUICK_FAULTS}).test.ts`;

/** What the project `server` leaves to others. */
const NOT_SERVER = [
  ...UNIT,
  ...CLIENTS,
  ...TIMED_FAULTS,
  ...CPU_FAULTS,
  ...(faults === 'quick' ? [LONG_FAULTS] : []),
  ...(operating === 'apart' ? NEEDS_PACKAGES : []),
  '**/node_modules/**',
];

/**
 * Twice the cores: most tests wait half of their time, for PostgreSQL, a process or a poll. In its whole form the fault suite
 * has the machine for itself.
 */
const maxWorkers = faults === 'whole' ? 1 : 2 * availableParallelism();

const shared = {
  // One copy of graphql: its CommonJS and ESM builds refuse each other's schemas ("another module or realm").
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // What is waited for comes at once, but not on a machine that is busy.
    expect: { poll: { timeout: 60_000 } },
  },
} satisfies TestProjectInlineConfiguration;

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    // Once for all projects of a run.
    globalSetup: ['test/support/global-setup.ts'],
    // What one project has compiled, the others read from the disk.
    experimental: { fsModuleCache: true, fsModuleCachePath: 'node_modules/.cache/vitest' },
    projects: [
      {
        ...shared,
        test: { ...shared.test, name: 'unit', include: UNIT, isolate: false, maxWorkers },
      },
      {
        // One project, because a worker loads the application once for each project. What its modules keep is keyed by object.
        ...shared,
        test: {
          ...shared.test,
          name: 'server',
          include: [faults === 'long' ? LONG_FAULTS : 'test/**/*.test.ts'],
          exclude: NOT_SERVER,
          isolate: false,
          maxWorkers,
        },
      },
      {
        // After the others, and no more at once than there are cores: most of their time they wait.
        ...shared,
        test: {
          ...shared.test,
          name: 'timed-faults',
          include: TIMED_FAULTS,
          isolate: false,
          maxWorkers: faults === 'whole' ? 1 : availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          ...shared.test,
          name: 'cpu-faults',
          include: CPU_FAULTS,
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        // To load what a client needs takes longer than its tests.
        test: {
          ...shared.test,
          name: 'clients',
          include: CLIENTS,
          isolate: false,
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
