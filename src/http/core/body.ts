import { errorCode } from '../../errors/error-code.js';
import { isAscii } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HttpError } from './http-error.js';

const gunzipped = promisify(gunzip);
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body.
 * @param maxBytes a longer body is refused as soon as that is known; it holds before and after inflation
 * @throws HttpError 413, 415 or 400
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const contentType = request.headers['content-type'];
  if (contentType !== 'application/json') assertJson(contentType);
  const isGzip = isGzipped(request.headers['content-encoding']);
  const bytes = await readBytes(request, maxBytes);
  const text = decode(isGzip ? await inflate(bytes, maxBytes) : bytes);
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says repeats a part of the body.
    throw new HttpError(400, 'BAD_REQUEST', 'The body is not JSON.');
  }
}

function assertJson(contentType = ''): void {
  const [mediaType = '', ...parameters] = contentType.toLowerCase().split(';');
  if (mediaType.trim() !== 'application/json') {
    throw new HttpError(415, 'BAD_REQUEST', 'Send JSON, with the header "Content-Type: application/json".');
  }
  if (parameters.some((parameter) => /charset\s*=(?!\s*"?utf-?8"?\s*$)/.test(parameter))) {
    throw new HttpError(415, 'BAD_REQUEST', 'JSON is sent in UTF-8.');
  }
}

/** @throws HttpError 415 for other codings, and for several: each could multiply what there is to inflate */
function isGzipped(contentEncoding: string | undefined): boolean {
  if (contentEncoding === undefined) return false;
  const names = contentEncoding.toLowerCase().split(',');
  const codings = names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  const [coding, ...others] = codings;
  if (coding === undefined) return false;
  if (others.length === 0 && (coding === 'gzip' || coding === 'x-gzip')) return true;
  const headers = { 'accept-encoding': 'gzip, identity' };
  throw new HttpError(415, 'BAD_REQUEST', 'A compressed body is taken as gzip only.', headers);
}

/** Inflates off the main thread, and no further than a body may be long. */
async function inflate(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await gunzipped(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLong = errorCode(error) === 'ERR_BUFFER_TOO_LARGE';
    throw isTooLong ? tooLarge(maxBytes) : new HttpError(400, 'BAD_REQUEST', 'The body is not gzip.');
  }
}

/** An iterator over the request would close its connection when it is left early, before the refusal is sent. */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else reject(tooLarge(maxBytes));
    });
    request.on('end', () => resolve(joined(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Error('The client hung up in the middle of its request.'));
    });
  });
}

/** Most bodies come in one piece, which needs no copy. */
function joined(chunks: readonly Buffer[]): Buffer {
  const [first, ...others] = chunks;
  return first !== undefined && others.length === 0 ? first : Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, 'OPERATION_TOO_LARGE', `A body has at most ${maxBytes} bytes.`);
}

function decode(bytes: Buffer): string {
  // A long text costs a tenth of what the decoder takes.
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new HttpError(400, 'BAD_REQUEST', 'The body is not UTF-8.');
  }
}
