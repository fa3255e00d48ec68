import { parseArgs } from 'node:util';

/** Three rounds of some seconds make a median. */
const ENOUGH = { rounds: 3, seconds: 5 };

/**
 * Options of the command line over their defaults: numbers, texts and comma-separated lists.
 * @throws Error for what makes no sense
 */
export function readOptions(defaults) {
  const names = Object.keys(defaults);
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
      only: { type: 'string' },
      node: { type: 'string' },
      profile: { type: 'boolean' },
    },
  });
  const options = { ...values };
  for (const name of names) options[name] = valueOf(name, values[name], defaults[name]);
  return options;
}

function valueOf(name, text, fallback) {
  if (text === undefined) return fallback;
  const parts = text.split(',');
  if (typeof fallback === 'string') return text;
  if (Array.isArray(fallback) && typeof fallback[0] === 'string') {
    const unknown = parts.filter((part) => !fallback.includes(part));
    if (unknown.length === 0) return parts;
    throw new Error(`--${name}: ${unknown.join()} is none of ${fallback.join()}.`);
  }
  const numbers = parts.map(Number);
  if (!numbers.every((number) => number > 0)) throw new Error(`--${name} takes a number above 0.`);
  return Array.isArray(fallback) ? numbers : numbers[0];
}

/** Whether a run is long enough for its figures to be kept. */
export function isTrustworthy({ rounds, seconds, only, profile }) {
  return rounds >= ENOUGH.rounds && seconds >= ENOUGH.seconds && only === undefined && profile !== true;
}
