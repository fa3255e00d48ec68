import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Ends the output of a run with what to look at, the names of tests that failed or passed at their second attempt only, and
 * with one line that people and programs can read: `N passed, N failed`.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly { readonly message: string }[],
  ): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    const notes = unhandledErrors.map(({ message }) => `failed: outside of a test: ${firstLine(message)}`);
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) counts[test.result().state] += 1;
      notes.push(...tests.flatMap(noteOf));
      // A file that cannot even be loaded has no tests to fail.
      if (!module.ok() && !tests.some((test) => test.result().state === 'failed')) {
        counts.failed += 1;
        notes.push(`failed: ${module.relativeModuleId}`);
      }
    }
    for (const note of notes) process.stdout.write(`${note}\n`);
    if (counts.skipped > 0) process.stdout.write(`${counts.skipped} skipped\n`);
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  }
}

/** One line for a test that failed, at all of its attempts or at the first. */
function noteOf(test: TestCase): readonly string[] {
  const { state, errors = [] } = test.result();
  const name = `${test.module.relativeModuleId} > ${test.fullName}: ${firstLine(errors[0]?.message)}`;
  if (state === 'failed') return [`failed: ${name}`];
  return test.diagnostic()?.flaky === true ? [`passed at the second attempt only: ${name}`] : [];
}

function firstLine(message = ''): string {
  return message.split('\n')[0] ?? '';
}
