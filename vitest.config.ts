import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const FAULT_SUITE = 'test/fault-suite/*.test.ts';

const shared = {
  // One copy of graphql: its CommonJS and ESM builds refuse each other's schemas ("another module or realm").
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    setupFiles: ['test/support/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // What is waited for comes at once, but not on a machine that is busy.
    expect: { poll: { timeout: 10_000 } },
  },
} satisfies TestProjectInlineConfiguration;

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        ...shared,
        test: {
          ...shared.test,
          name: 'tests',
          include: ['test/**/*.test.ts'],
          exclude: [FAULT_SUITE],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Its bounds are seconds, so it runs after the other tests, one file at a time.
        ...shared,
        test: {
          ...shared.test,
          name: 'faults',
          include: [FAULT_SUITE],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
