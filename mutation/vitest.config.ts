import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The tests of the pure rules alone: they need no database and little time, so that they can run for every mutant. */
export default defineConfig({
  test: {
    include: ['test/domain/*.test.ts', 'test/access/policy.test.ts', 'test/errors/{catalogue,wire}.test.ts'],
    // They take a thousand values for each property.
    exclude: ['**/*.property.test.ts'],
    // One worker for all files of a run, which halves its cost; Stryker begins a new one for every mutant.
    isolate: false,
    setupFiles: [fileURLToPath(new URL('setup.ts', import.meta.url))],
  },
});
