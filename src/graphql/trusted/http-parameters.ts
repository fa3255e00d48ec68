import { isRecord } from '../documents/is-record.js';
import type { DocumentParameters } from './requested-document.js';

/** The parameters of a request over HTTP: the body of a POST, or the search of a GET. */
export type HttpParameters = { readonly body: unknown } | { readonly search: string };

/** What they say of the document. */
export function documentParametersIn(given: HttpParameters): DocumentParameters {
  if ('body' in given) return isRecord(given.body) ? given.body : {};
  const search = new URLSearchParams(given.search);
  // What stands there twice is no text.
  const [query, documentId] = ['query', 'documentId'].map((name) => {
    const values = search.getAll(name);
    return values.length > 1 ? values : values[0];
  });
  return { query, documentId, extensions: fromJson(search.get('extensions')) };
}

/** The same parameters with the text of the document in the place of what named it. */
export function withDocument(given: HttpParameters, query: string): HttpParameters {
  if ('body' in given) {
    if (!isRecord(given.body)) return given;
    const { documentId: _, extensions, ...rest } = given.body;
    return { body: { ...rest, query, ...(isRecord(extensions) && { extensions: withoutHash(extensions) }) } };
  }
  const search = new URLSearchParams(given.search);
  search.delete('documentId');
  search.set('query', query);
  const extensions = fromJson(search.get('extensions'));
  if (isRecord(extensions)) search.set('extensions', JSON.stringify(withoutHash(extensions)));
  return { search: `?${search.toString()}` };
}

function withoutHash(extensions: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { persistedQuery: _, ...rest } = extensions;
  return rest;
}

function fromJson(text: string | null): unknown {
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
