import { createHash } from 'node:crypto';
import { type Coding, codingFor, compress } from './compression.js';
import type { EndpointHandler } from './endpoint.js';
import { originalTag } from './entity-tags.js';

/** A text that stays the same for as long as the process runs. */
interface StaticText {
  readonly contentType: string;
  /** Called once, when the text is asked for the first time. */
  readonly load: () => string | Promise<string>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves a static text: hashed once, compressed once for each coding, and not sent again to a client that has it. */
export function staticText({ contentType, load, headers = {} }: StaticText): EndpointHandler {
  let prepared: Promise<PreparedText> | undefined;
  return async (request) => {
    prepared ??= prepare(load);
    const { bytes, etag, encode } = await prepared;
    const common = { ...headers, etag, 'cache-control': 'no-cache' };
    if (isKnown(request.headers['if-none-match'], etag)) return { status: 304, headers: common, body: '' };
    const answer = { ...common, 'content-type': contentType };
    const coding = codingFor(request.headers['accept-encoding'], bytes.length);
    if (coding === undefined) return { status: 200, headers: answer, body: bytes, isShared: true };
    return {
      status: 200,
      headers: { ...answer, 'content-encoding': coding },
      body: await encode(coding),
      isShared: true,
    };
  };
}

interface PreparedText {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly encode: (coding: Coding) => Promise<Buffer>;
}

async function prepare(load: StaticText['load']): Promise<PreparedText> {
  const bytes = Buffer.from(await load());
  const encoded = new Map<Coding, Promise<Buffer>>();
  return {
    bytes,
    // Weak, because the same text goes out in several codings.
    etag: `W/"${createHash('sha256').update(bytes).digest('base64url')}"`,
    encode: async (coding) => {
      const known = encoded.get(coding) ?? compress(coding, bytes);
      encoded.set(coding, known);
      return await known;
    },
  };
}

function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim());
  return tags.includes('*') || tags.some((tag) => opaque(tag) === opaque(etag));
}

/** Without its quotes and whether it is weak. */
function opaque(etag: string): string {
  return originalTag(etag.replace(/^(?:W\/)?"?|"$/g, ''));
}
