import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { build } from '../support/processes.js';

const run = promisify(execFile);

/** Runs code in a process of its own, which has a `log`. @returns the messages on stdout, and how many system calls wrote them */
async function written(code: string): Promise<{ messages: string[]; writes: number }> {
  const script = `import fs from 'node:fs';
    const { createLog } = await import(${JSON.stringify(new URL('../../dist/logging/log.js', import.meta.url).href)});
    let writes = 0;
    const { writeSync } = fs;
    fs.writeSync = (...args) => { writes += 1; return writeSync(...args); };
    process.on('exit', () => process.stderr.write(String(writes)));
    const log = createLog('info');
    ${code}`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  const lines = stdout.split('\n').slice(0, -1);
  return {
    messages: lines.map((line) => /"msg":"(.*?)"/.exec(line)?.[1] ?? line.slice(0, 80)),
    writes: Number(stderr),
  };
}

beforeAll(async () => {
  await build();
});

it('lines of one turn are written in order, by one call', async () => {
  const { messages, writes } = await written(`log.info('a'); log.info('b'); log.info('c');
    setTimeout(() => log.info('d'), 20);`);
  expect(messages).toEqual(['a', 'b', 'c', 'd']);
  expect(writes).toBe(2);
});

it('a process that exits at once has written every line', async () => {
  const code = `for (let n = 0; n < 2_000; n += 1) log.info({ filler: 'x'.repeat(100) }, String(n)); process.exit(0);`;
  expect((await written(code)).messages).toEqual(Array.from({ length: 2_000 }, (_, n) => String(n)));
});
