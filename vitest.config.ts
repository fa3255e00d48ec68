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

/** What starts processes, waits on purpose, or has a bound in seconds. */
const PROCESS = [
  'test/{browser,commands,examples,faults,operating,upgrade}/**/*.test.ts',
  'test/http/{health,slow-clients,request-hold,websocket-connections}.test.ts',
  'test/persistence/{embedded-log,embedded-postgres}.test.ts',
];

/** Real clients from npm, in a package of their own: `npm run test:clients`. */
const CLIENTS = ['test/clients/*.test.ts'];

const FAULT_SUITE = ['test/fault-suite/*.test.ts'];

/** Its rows about secrets and lost writes, which are quick. The others are run by `.ci/run` and `npm run test:faults`. */
const QUICK_FAULTS = ['test/fault-suite/{canary-secrets,write-cut}.test.ts'];

/** Those with bounds in seconds, which leave little room for what else the machine does. The others count losses, CPU and memory. */
const TIMED_FAULTS = [
  'test/fault-suite/{database-stopped,mixed-load,moved-tree,pool-exhausted,slow-loris}.test.ts',
];

/** Those that come near their bounds on CPU. A request takes more of it while the other core is busy, so they run alone. */
const CPU_FAULTS = ['test/fault-suite/hostile-{connections,documents,requests}.test.ts'];

/** In its whole form the fault suite has the machine for itself. */
const isWhole = process.env['FAULTS'] === 'whole';

/** Twice the cores: most tests wait half of their time, for PostgreSQL, a process or a poll. */
const maxWorkers = isWhole ? 1 : 2 * availableParallelism();

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
        test: {
          ...shared.test,
          name: 'unit',
          include: UNIT,
          isolate: false,
          maxWorkers,
        },
      },
      {
        ...shared,
        test: {
          ...shared.test,
          name: 'api',
          include: ['test/**/*.test.ts'],
          exclude: [...UNIT, ...PROCESS, ...FAULT_SUITE, ...CLIENTS, '**/node_modules/**'],
          // The application is loaded once for each worker. What its modules keep is keyed by object.
          isolate: false,
          maxWorkers,
        },
      },
      {
        ...shared,
        test: {
          ...shared.test,
          name: 'process',
          include: PROCESS,
          isolate: false,
          maxWorkers,
        },
      },
      {
        ...shared,
        test: { ...shared.test, name: 'faults', include: QUICK_FAULTS, isolate: false, maxWorkers },
      },
      {
        ...shared,
        test: {
          ...shared.test,
          name: 'long-faults',
          include: FAULT_SUITE,
          exclude: [...QUICK_FAULTS, ...TIMED_FAULTS, ...CPU_FAULTS],
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
          maxWorkers: isWhole ? 1 : availableParallelism(),
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
        test: {
          ...shared.test,
          name: 'clients',
          include: CLIENTS,
          isolate: false,
          maxWorkers,
        },
      },
    ],
  },
});
