import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { StartupError } from '../errors/startup-error.js';
import { type ManifestEntry, parseDocumentManifest } from './document-manifest.js';
import type { EnvironmentReader } from './environment-reader.js';

/** What the environment decides about documents, whoever sends them. */
export interface DocumentSettings {
  readonly introspection: boolean;
  /** What a GraphQL document may hold: tokens, levels of fields, aliases, fields of its root, and fragments. */
  readonly maxTokens: number;
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxRootFields: number;
  readonly maxFragments: number;
  /** Maximum length of an answer. */
  readonly maxAnswerBytes: number;
}

/** Which documents are trusted, and whether others run. */
export interface TrustedDocumentSettings {
  /** The documents of the manifest; none without one. */
  readonly trustedDocuments: readonly ManifestEntry[];
  /** Whether only those run. */
  readonly othersAreRefused: boolean;
}

/** Reads them out of an environment. */
export function readDocumentSettings(reader: EnvironmentReader): DocumentSettings {
  return {
    introspection: reader.flag('INTROSPECTION', true),
    maxTokens: reader.int('MAX_TOKENS', 4_000, 1, 1_000_000),
    // Deeper documents would need more stack than a process has.
    maxDepth: reader.int('MAX_DEPTH', 12, 1, 100),
    maxAliases: reader.int('MAX_ALIASES', 100, 0, 10_000),
    maxRootFields: reader.int('MAX_ROOT_FIELDS', 50, 1, 10_000),
    // Each can hold the next one, which is measured by recursion.
    maxFragments: reader.int('MAX_FRAGMENTS', 200, 0, 1_000),
    maxAnswerBytes: reader.int('MAX_ANSWER_BYTES', 16_000_000, 1_000, 500_000_000),
  };
}

/** Reads the manifest of a file. @throws StartupError when it cannot be read, or has no known format */
export function readDocumentManifest(file: string): readonly ManifestEntry[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch {
    throw new StartupError(`cannot be read: ${file}`);
  }
  const entries = parseDocumentManifest(content);
  if (entries === undefined)
    throw new StartupError(`is no manifest of documents that is known here: ${file}`);
  return entries;
}

/** Reads them, the manifest included. */
export function readTrustedDocuments(reader: EnvironmentReader): TrustedDocumentSettings {
  const file = reader.text('TRUSTED_DOCUMENTS');
  const othersAreRefused = reader.oneOf('OTHER_DOCUMENTS', ['allow', 'refuse'], 'allow') === 'refuse';
  if (file === undefined) {
    if (othersAreRefused) reader.error('TRUSTED_DOCUMENTS', 'is needed with OTHER_DOCUMENTS=refuse');
    return { trustedDocuments: [], othersAreRefused };
  }
  try {
    return { trustedDocuments: readDocumentManifest(resolve(file)), othersAreRefused };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    reader.error('TRUSTED_DOCUMENTS', error.message);
    return { trustedDocuments: [], othersAreRefused };
  }
}
