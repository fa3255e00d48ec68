import { hash } from 'node:crypto';

/** A document that an operator lists. */
interface ListedDocument {
  readonly id: string;
  /** Byte for byte. */
  readonly text: string;
}

/** What stands under an id: a text, or why it is not to be run. */
export type TrustedDocument = { readonly text: string } | { readonly refusal: string };

const HASH_PREFIX = 'sha256:';

/** The documents of a manifest, by their ids and by the hashes of their texts. Whether they fit the schema is checked elsewhere. */
export class TrustedDocuments {
  readonly #byId = new Map<string, TrustedDocument>();
  readonly #byHash = new Map<string, string>();
  readonly #texts = new Set<string>();

  constructor(listed: readonly ListedDocument[]) {
    for (const { id, text } of listed) {
      const hashed = sha256(text);
      if (id.startsWith(HASH_PREFIX) && id !== HASH_PREFIX + hashed) {
        this.#byId.set(id, { refusal: 'The id is not the hash of the text.' });
        continue;
      }
      this.#byId.set(id, this.#byId.has(id) ? { refusal: 'Several documents have this id.' } : { text });
      this.#byHash.set(hashed, text);
      this.#texts.add(text);
    }
  }

  /** The document with an id of the manifest, or `sha256:` and the hash of its text. */
  find(id: string): TrustedDocument | undefined {
    const listed = this.#byId.get(id);
    if (listed !== undefined || !id.startsWith(HASH_PREFIX)) return listed;
    const text = this.textWithHash(id.slice(HASH_PREFIX.length));
    return text === undefined ? undefined : { text };
  }

  /** @param hashed SHA-256 of the text, in lower-case hex digits */
  textWithHash(hashed: string): string | undefined {
    return this.#byHash.get(hashed);
  }

  /** Whether a text is one of them, byte for byte. */
  has(text: string): boolean {
    return this.#texts.has(text);
  }

  /** Each id once, in the order of the manifest. */
  get all(): Iterable<readonly [id: string, document: TrustedDocument]> {
    return this.#byId;
  }
}

/** As ids and persisted queries spell it. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
