/** One entry of a manifest of trusted documents. */
export interface ManifestEntry {
  readonly id: string;
  /** The document, byte for byte as clients would send it. */
  readonly text: string;
}

/**
 * Reads a manifest of documents: the one that Apollo's tools write, `{format, version, operations: [{id, body}]}`, or a flat
 * `{id: text}`, as GraphQL Code Generator and Relay write it.
 * @returns its entries in their order, equal ids included; undefined for any other format
 */
export function parseDocumentManifest(content: string): readonly ManifestEntry[] | undefined {
  let manifest: unknown;
  try {
    manifest = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (!isObject(manifest)) return undefined;
  return 'operations' in manifest ? apolloEntries(manifest) : flatEntries(manifest, content);
}

const APOLLO_FORMAT = 'apollo-persisted-query-manifest';

function apolloEntries({ format, version, operations }: Fields): readonly ManifestEntry[] | undefined {
  if (format !== APOLLO_FORMAT || version !== 1 || !Array.isArray(operations)) return undefined;
  const entries = operations.map((operation: unknown) => {
    if (!isObject(operation)) return undefined;
    const { id, body } = operation;
    return typeof id === 'string' && typeof body === 'string' ? { id, text: body } : undefined;
  });
  const known = entries.filter((entry) => entry !== undefined);
  return known.length === entries.length ? known : undefined;
}

/** Ids are read from the text itself: of two equal ones the parser keeps the last and does not say so. */
function flatEntries(manifest: Fields, content: string): readonly ManifestEntry[] | undefined {
  if (!Object.values(manifest).every((text) => typeof text === 'string')) return undefined;
  const texts = (content.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((literal) => String(JSON.parse(literal)));
  return texts.flatMap((text, index) =>
    index % 2 === 0 ? [{ id: text, text: texts[index + 1] ?? '' }] : [],
  );
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
