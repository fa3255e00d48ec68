import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** The content codings that answers are sent in. */
export type Coding = 'br' | 'gzip';

/** A shorter answer fits into one packet as it is. */
const WORTHWHILE_BYTES = 1_400;

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);

/** The coding for an answer of this length; undefined when it is better sent as it is. */
export function codingFor(acceptEncoding: string | undefined, length: number): Coding | undefined {
  if (acceptEncoding === undefined || length < WORTHWHILE_BYTES) return undefined;
  const weights = weightsOf(acceptEncoding);
  const [br, gz] = [weightOf(weights, 'br'), weightOf(weights, 'gzip')];
  if (br === 0 && gz === 0) return undefined;
  return br >= gz ? 'br' : 'gzip';
}

/** Compresses off the main thread. */
export async function compress(coding: Coding, bytes: string | Buffer): Promise<Buffer> {
  if (coding === 'gzip') return await toGzip(bytes);
  // Higher qualities cost several times the time for a few percent.
  return await toBrotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}

/** `gzip, br;q=0.5` by coding. */
function weightsOf(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const entry of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)) || 0);
  }
  return weights;
}

function weightOf(weights: ReadonlyMap<string, number>, coding: Coding): number {
  return weights.get(coding) ?? weights.get('*') ?? 0;
}
