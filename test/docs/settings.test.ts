import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.js';

/** Each opens the way to settings that are read only beside it. */
const CHOICES = [
  {},
  { PROVISIONING_URL: 'https://devices.example' },
  { AUTH_JWKS_URL: 'https://issuer.example', NODE_ENV: 'production' },
  { WORKER_PORT: '9100' },
];

/** The names of all settings: those that a reading of the settings asks for. */
function namesAskedFor(): readonly string[] {
  const names = new Set<string>();
  for (const choice of CHOICES) {
    const env: Record<string, string> = choice;
    const observed = new Proxy(env, {
      get: (target, name) => {
        if (typeof name !== 'string') return undefined;
        names.add(name);
        return target[name];
      },
    });
    try {
      readSettings(observed);
    } catch {
      // What else a choice needs is not of interest here.
    }
  }
  return [...names].sort();
}

/** The lines of .env.example that give a value, also those behind a comment sign. */
const example = [...readFileSync('.env.example', 'utf8').matchAll(/^(# )?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
  ([, comment, name = '', value = '']) => ({ isDefault: comment !== undefined, name, value }),
);

it('.env.example holds every setting once, and nothing else', () => {
  expect(example.map(({ name }) => name).sort()).toEqual(namesAskedFor());
});

it('its commented values are the defaults', () => {
  const defaults = example.filter(({ isDefault }) => isDefault);
  const env = Object.fromEntries(defaults.map(({ name, value }) => [name, value]));
  expect(readSettings(env)).toEqual(readSettings({}));
  expect(defaults.length).toBeGreaterThan(25);
});

it('docs/settings.md describes every setting in one row', () => {
  const rows = readFileSync('docs/settings.md', 'utf8').matchAll(/^\| (`[^|]+) \|/gm);
  const described = [...rows].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name),
  );
  expect(described.sort()).toEqual(namesAskedFor());
});
