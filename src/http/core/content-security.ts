import { createHash } from 'node:crypto';

/** Everything that a page may load, by directive; what is not named may not be loaded at all. */
export type ContentSources = Readonly<Record<`${string}-src`, string>>;

/** The headers of a page, or of a part of one, that is held to what it needs. */
export function pageHeaders(sources: ContentSources): Readonly<Record<string, string>> {
  const directives = Object.entries({ 'default-src': "'none'", ...sources }).map((entry) => entry.join(' '));
  const closed = ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"];
  return {
    'content-security-policy': [...directives, ...closed].join('; '),
    'referrer-policy': 'no-referrer',
  };
}

/** Allows one inline script or style sheet, by its text. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
