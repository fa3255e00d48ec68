import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { SecretError } from '../errors/secret-error.js';

/** What a secret holds, and the place where it opens. */
interface OpenedText {
  readonly text: string;
  readonly owner: string;
  readonly field: string;
}

/**
 * A secret as it is stored: `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url. A key ring that has sealed
 * or opened this very object leaves the text with it: an update, its answer and its job need it one after the other.
 */
export class SealedText {
  #opened: OpenedText | undefined;

  constructor(readonly sealed: string) {}

  /** The text, if it was left here for this place. */
  recall(owner: string, field: string): string | undefined {
    return this.#opened?.owner === owner && this.#opened.field === field ? this.#opened.text : undefined;
  }

  remember(opened: OpenedText): void {
    this.#opened = opened;
  }
}

/** One AES-256 key and the name that stored secrets know it by. */
export interface SecretKey {
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Buffer;
}

/** Opens a stored secret that belongs to this record and field. */
export type OpenSecret = (secret: SealedText, owner: string, field: string) => string;

/** A key as OpenSSL takes it: bytes would be copied for each secret. */
interface ReadyKey {
  readonly id: string;
  readonly key: KeyObject;
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^v1\.([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/**
 * Seals and opens secrets with AES-256-GCM. The owner's id and the field's name are authenticated with the text,
 * so that a stored secret opens at its own place only: copied to another row it does not open.
 */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, ReadyKey>;
  readonly #current: ReadyKey;

  /** @param keys the first one seals, all of them open */
  constructor(keys: readonly [SecretKey, ...SecretKey[]]) {
    this.#current = readyKey(keys[0]);
    this.#keys = new Map(keys.map((key) => [key.id, readyKey(key)]));
  }

  /** The id of the key that seals. */
  get currentKeyId(): string {
    return this.#current.id;
  }

  /** The ids of all keys, the one that seals first. */
  get keyIds(): readonly string[] {
    return [...this.#keys.keys()];
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  /** Whether a secret is sealed with the key that seals. */
  isCurrent({ sealed }: SealedText): boolean {
    return sealed.startsWith(sealPrefix(this.#current.id));
  }

  seal(text: string, owner: string, field: string): SealedText {
    const { id, key } = this.#current;
    const nonce = nextNonce();
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(context(owner, field));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    const secret = new SealedText(
      `${sealPrefix(id)}${nonce.toString('base64url')}.${body.toString('base64url')}`,
    );
    secret.remember({ text, owner, field });
    return secret;
  }

  /** @throws SecretError when the key is missing, or the text was not sealed for this owner and field */
  readonly open: OpenSecret = (secret, owner, field) => {
    const known = secret.recall(owner, field);
    if (known !== undefined) return known;
    const text = this.#openedText(secret, owner, field);
    secret.remember({ text, owner, field });
    return text;
  };

  #openedText({ sealed }: SealedText, owner: string, field: string): string {
    const [, keyId, nonce = '', body = ''] = SEALED.exec(sealed) ?? [];
    if (keyId === undefined) throw new SecretError('not-sealed');
    const ready = this.#keys.get(keyId);
    if (ready === undefined) throw new SecretError('unknown-key', keyId);
    const bytes = Buffer.from(body, 'base64url');
    try {
      const decipher = createDecipheriv(ALGORITHM, ready.key, Buffer.from(nonce, 'base64url'), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(context(owner, field))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = decipher.update(bytes.subarray(0, -TAG_BYTES));
      decipher.final();
      return text.toString('utf8');
    } catch {
      throw new SecretError('not-authentic', keyId);
    }
  }
}

function readyKey({ id, bytes }: SecretKey): ReadyKey {
  return { id, key: createSecretKey(bytes) };
}

/** What every text that is sealed with a key begins with. */
export function sealPrefix(keyId: string): string {
  return `v1.${keyId}.`;
}

/** The key that a text says it is sealed with; empty when it says nothing of the kind. */
export function keyIdOf({ sealed }: SealedText): string {
  return SEALED.exec(sealed)?.[1] ?? '';
}

/** Random bytes cost by the call, not by the byte. */
function nonceSource(): () => Buffer {
  let pool = Buffer.alloc(0);
  return () => {
    if (pool.length === 0) pool = randomBytes(256 * NONCE_BYTES);
    const nonce = pool.subarray(0, NONCE_BYTES);
    pool = pool.subarray(NONCE_BYTES);
    return nonce;
  };
}

const nextNonce = nonceSource();

function context(owner: string, field: string): Buffer {
  return Buffer.from(`${owner}.${field}`);
}
