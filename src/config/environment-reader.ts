import { isLoopback } from './loopback.js';

/** The environment as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads settings by name and collects every error, so that they can be reported together. */
export class EnvironmentReader {
  readonly errors: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The text of a setting; an empty one counts as not set. */
  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** A whole number between two bounds, both included. */
  int(name: string, fallback: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    this.error(name, `is not a whole number from ${min} to ${max}`);
    return fallback;
  }

  /** A number of 0 or more, fractions allowed. */
  amount(name: string, fallback: number, max: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    if (/^\d{1,9}(\.\d{1,9})?$/.test(text) && Number(text) <= max) return Number(text);
    this.error(name, `is not a number from 0 to ${max}`);
    return fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.oneOf(name, ['true', 'false'], fallback ? 'true' : 'false') === 'true';
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) this.error(name, `is none of ${values.join(', ')}`);
    return value ?? fallback;
  }

  /** A URL with one of these schemes; its text is never repeated in an error, because it may hold a password. */
  url(name: string, protocols: readonly string[]): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
    this.error(
      name,
      `is not a URL that starts with ${protocols.map((scheme) => `${scheme}//`).join(' or ')}`,
    );
    return undefined;
  }

  /** A URL that the gateway calls: https, or http to this machine; http to others too where that is allowed. */
  serviceUrl(name: string, isHttpAllowed = false): string | undefined {
    const text = this.url(name, ['https:', 'http:']);
    if (text === undefined) return undefined;
    const { protocol, hostname, username, password } = new URL(text);
    if (protocol === 'http:' && !isHttpAllowed && !isLoopback(hostname)) {
      this.error(name, 'must start with https:// unless its host is a loopback address');
    }
    if (username !== '' || password !== '') this.error(name, 'must not hold a user name or a password');
    return text;
  }

  error(name: string, problem: string): void {
    this.errors.push(`${name} ${problem}.`);
  }
}
