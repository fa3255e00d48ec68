import { originalTag } from '../http/core/entity-tags.js';

/** Which versions of a device a request is meant for. */
export type ExpectedVersions = 'any' | ReadonlySet<number>;

const TAGS = /^(?:W\/)?"[^"]*"(?:[ \t]*,[ \t]*(?:W\/)?"[^"]*")*$/;

/** The entity tag of a version of a device. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * Reads `If-Match` (RFC 9110, section 13.1.1): tags of versions, or `*` for any. Weak tags count too,
 * because proxies that compress an answer weaken its tag, or mark it. A tag that is none of ours names no version.
 * @returns undefined for a text that is no list of tags
 */
export function parseVersions(header: string): ExpectedVersions | undefined {
  const list = header.trim();
  if (list === '*') return 'any';
  if (!TAGS.test(list)) return undefined;
  const tags = [...list.matchAll(/"([^"]*)"/g)].map(([, tag = '']) => originalTag(tag));
  return new Set(tags.filter((tag) => /^[1-9]\d{0,9}$/.test(tag)).map(Number));
}

export function includesVersion(versions: ExpectedVersions, version: number): boolean {
  return versions === 'any' || versions.has(version);
}
