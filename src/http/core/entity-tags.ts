/** What proxies that compress an answer add to its tag, e.g. `"7-gzip"` (Apache) or `"7--gzip"` (Jetty). */
const CODING_SUFFIX = /[-;:+.]{1,2}(?:x-)?(?:gzip|br|zstd|deflate|df|compress|identity)$/i;

/** The text of an entity tag as this server sent it, whatever a compressing proxy has made of it. */
export function originalTag(opaque: string): string {
  return opaque.replace(CODING_SUFFIX, '');
}
