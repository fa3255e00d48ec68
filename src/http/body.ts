import type { IncomingMessage } from 'node:http';
import { HttpFault } from './fault.js';

/**
 * Reads a JSON body.
 * @param maxBytes a longer body is refused as soon as that is known
 * @throws HttpFault 413, 415 or 400
 */
export async function readJsonBody(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const [mediaType = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (mediaType.trim() !== 'application/json') {
    throw new HttpFault(415, 'BAD_REQUEST', 'Send JSON, with the header "Content-Type: application/json".');
  }
  if (parameters.some((parameter) => /charset\s*=(?!\s*"?utf-?8"?\s*$)/.test(parameter))) {
    throw new HttpFault(415, 'BAD_REQUEST', 'JSON is sent in UTF-8.');
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new HttpFault(415, 'BAD_REQUEST', 'A compressed body is not accepted.');
  }
  const text = await readText(request, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says repeats a part of the body.
    throw new HttpFault(400, 'BAD_REQUEST', 'The body is not JSON.');
  }
}

async function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = new HttpFault(413, 'OPERATION_TOO_LARGE', `A body has at most ${maxBytes} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new HttpFault(400, 'BAD_REQUEST', 'The body is not UTF-8.');
  }
}
