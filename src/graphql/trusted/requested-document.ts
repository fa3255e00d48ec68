import { GraphQLError } from 'graphql';
import { mayRunAnyDocument } from '../../access/policy.js';
import type { Credential } from '../../auth/credential.js';
import { isRecord } from '../documents/is-record.js';
import { isOpenDocument } from './open-document.js';
import { sha256, type TrustedDocuments } from './trusted-documents.js';

/** What a request says of its document, before anything is known of it. */
export interface DocumentParameters {
  readonly query?: unknown;
  /** GraphQL over HTTP, appendix "Persisted Documents". */
  readonly documentId?: unknown;
  /** `persistedQuery` in it is Apollo's `{version: 1, sha256Hash}`. */
  readonly extensions?: unknown;
}

/** The document that a request names, or why it gets none. */
export type RequestedDocument =
  | {
      /** Undefined for a request that names none, or one that only Apollo Server may know. */
      readonly query: string | undefined;
      /** Whether the text takes the place of an id or a hash that nobody else has to look at. */
      readonly isReplacement: boolean;
    }
  | {
      readonly refusal: GraphQLError;
      /** Whether the request contradicts itself, whoever sends it. */
      readonly isMalformed: boolean;
    };

/** Whether documents run that are not trusted. */
export interface DocumentPolicy {
  readonly othersAreRefused: boolean;
  readonly introspection: boolean;
  readonly maxTokens: number;
}

/** Finds the document of each request by whatever names it, over all transports, and refuses what may not run. */
export class RequestedDocuments {
  constructor(
    private readonly trusted: TrustedDocuments,
    private readonly policy: DocumentPolicy,
  ) {}

  /** Finds the document that a request names, and decides whether its sender may run it. */
  choose(parameters: DocumentParameters, credential: Credential): RequestedDocument {
    const named = this.#named(parameters);
    if ('refusal' in named) return named;
    const persisted = persistedHash(parameters.extensions);
    if (persisted === 'malformed') {
      return malformed('"extensions.persistedQuery" holds version 1 and "sha256Hash", a text.');
    }
    const hashed = persisted?.sha256Hash;
    const query = named.query ?? (hashed === undefined ? undefined : this.trusted.textWithHash(hashed));
    if (query === undefined) {
      const isUnknown = hashed !== undefined && this.policy.othersAreRefused;
      return isUnknown ? notFound() : { query, isReplacement: false };
    }
    // In Apollo Server's words, for clients that know them.
    if (hashed !== undefined && hashed !== sha256(query))
      return malformed('provided sha does not match query');
    const isTrusted = this.trusted.has(query);
    if (!isTrusted && !this.#mayRun(query, credential)) return notTrusted();
    const isKnownHash = hashed !== undefined && (isTrusted || this.policy.othersAreRefused);
    return { query, isReplacement: named.isReplacement || isKnownHash };
  }

  /** The same where Apollo Server is not asked, which may know more hashes. */
  chooseAlone(parameters: DocumentParameters, credential: Credential): RequestedDocument {
    const chosen = this.choose(parameters, credential);
    const isNamed = persistedHash(parameters.extensions) !== undefined;
    return 'query' in chosen && chosen.query === undefined && isNamed ? notFound() : chosen;
  }

  /** The text that a request names, whether or not it may run; undefined where that is not known. */
  textOf(parameters: DocumentParameters): string | undefined {
    const named = this.#named(parameters);
    if ('refusal' in named) return undefined;
    if (named.query !== undefined) return named.query;
    const persisted = persistedHash(parameters.extensions);
    if (persisted === undefined || persisted === 'malformed') return undefined;
    return this.trusted.textWithHash(persisted.sha256Hash);
  }

  #named({ query, documentId }: DocumentParameters): RequestedDocument {
    if (query !== undefined && query !== null && typeof query !== 'string')
      return malformed('"query" is a text.');
    const text = query === null || query === '' ? undefined : query;
    if (documentId === undefined || documentId === null) return { query: text, isReplacement: false };
    if (text !== undefined) return malformed('A request has either "query" or "documentId".');
    if (typeof documentId !== 'string') return malformed('"documentId" is a text.');
    const found = this.trusted.find(documentId);
    if (found === undefined) return notFound();
    if ('text' in found) return { query: found.text, isReplacement: true };
    return { refusal: badRequest(found.refusal), isMalformed: false };
  }

  #mayRun(query: string, credential: Credential): boolean {
    const { othersAreRefused, maxTokens, introspection } = this.policy;
    if (!othersAreRefused) return true;
    if ('viewer' in credential && mayRunAnyDocument(credential.viewer)) return true;
    return isOpenDocument(query, maxTokens, introspection);
  }
}

/** The hash of a persisted query, whatever it is the hash of. */
function persistedHash(extensions: unknown): { readonly sha256Hash: string } | 'malformed' | undefined {
  const persisted = isRecord(extensions) ? extensions['persistedQuery'] : undefined;
  if (persisted === undefined || persisted === null) return undefined;
  if (!isRecord(persisted)) return 'malformed';
  const { version, sha256Hash } = persisted;
  return version === 1 && typeof sha256Hash === 'string' ? { sha256Hash } : 'malformed';
}

function malformed(message: string): RequestedDocument {
  return { refusal: badRequest(message), isMalformed: true };
}

function notTrusted(): RequestedDocument {
  const message = 'Only trusted documents run here (TRUSTED_DOCUMENTS), and this is none of them.';
  return { refusal: badRequest(message), isMalformed: false };
}

function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });
}

/** As Apollo Server has it: clients that may send the text then do. */
function notFound(): RequestedDocument {
  const extensions = { code: 'PERSISTED_QUERY_NOT_FOUND' };
  return { refusal: new GraphQLError('PersistedQueryNotFound', { extensions }), isMalformed: false };
}
