import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const names = new Set(
  [...readFileSync('.env.example', 'utf8').matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name),
);

it.each(['compose.yaml', 'Containerfile'])('%s sets nothing that is no setting', (file) => {
  const text = readFileSync(file, 'utf8');
  const set = [...text.matchAll(/(?<!\$\{)\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?::| *=)/g)].map(
    ([, name = '']) => name,
  );
  expect(set.length).toBeGreaterThan(0);
  const settings = set.filter((name) => !name.startsWith('POSTGRES_') && name !== 'BASE_IMAGE');
  expect(settings.filter((name) => !names.has(name))).toEqual([]);
});

describe('the systemd units', () => {
  // Without the program, or the Node that the unit names, there is nothing to check them with.
  const canVerify = existsSync('/usr/bin/systemd-analyze') && existsSync('/usr/bin/node');

  it.skipIf(!canVerify).each(['device-gateway', 'device-gateway-worker'])('%s is without a fault', (unit) => {
    const file = `docs/operations/${unit}.service`;
    execFileSync('systemd-analyze', ['verify', '--man=no', file]);
    const report = execFileSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', file], {
      encoding: 'utf8',
    });
    expect(report).toContain('OK');
  });
});
