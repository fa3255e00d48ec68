// Changes the pure rules bit by bit and looks which changes no test notices. `npm run test:mutation` runs it from the
// root of the repository; `-- --mutate 'src/access/*.ts'` takes a part of it.
export default {
  mutate: ['src/{access,domain,errors}/*.ts'],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // The tests are picked by what they covered, so there is no need to look for those that import a file.
  vitest: { configFile: 'mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  tempDirName: '.stryker/tmp',
  reporters: ['clear-text', 'json', 'progress'],
  clearTextReporter: { reportTests: false },
  jsonReporter: { fileName: '.stryker/report.json' },
  thresholds: { high: 95, low: 85, break: 85 },
};
