import { describeCause } from './cause.js';

/** Properties that are never logged, whatever they hold; compared without regard to case. */
const SECRET_KEYS: ReadonlySet<string> = new Set([
  'password',
  'password5g',
  'password6g',
  'wifi',
  'authorization',
  'cookie',
  'token',
  'secret',
  'secrets',
  'sealed',
  'input',
  'patch',
  'variables',
  'body',
  'headers',
]);

const HIDDEN = '[hidden]';
const MAX_DEPTH = 10;

/**
 * What is left of a value for the log: errors as `describeCause` has them, plain objects and lists without their
 * secret properties, and of instances of classes, such as requests, the name alone.
 */
export function loggable(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return depth === 0 ? { cause: describeCause(value) } : describeCause(value);
  if (value instanceof Date) return value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return HIDDEN;
  if (Array.isArray(value)) return value.map((item: unknown) => loggable(item, depth + 1));
  if (!isPlain(value)) return `[${value.constructor.name}]`;
  const properties: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    properties[key] = SECRET_KEYS.has(key.toLowerCase()) ? HIDDEN : loggable(inner, depth + 1);
  }
  return properties;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
