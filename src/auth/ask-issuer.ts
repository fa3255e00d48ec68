import { errorCode } from '../errors/error-code.js';
import { LoggableError } from '../errors/loggable-error.js';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 256 * 1_024;

/** An issuer that cannot be asked, or whose answer makes no sense. */
export class IssuerError extends LoggableError {
  override readonly name = 'IssuerError';
}

/** What an issuer answered. */
interface IssuerAnswer {
  readonly status: number;
  /** The value if it is JSON, the text if it is not. */
  readonly body: unknown;
}

/**
 * Asks an issuer by GET and follows no redirects.
 * @param url may hold a token: nothing that is thrown repeats it
 * @throws IssuerError when there is no whole answer in time
 */
export async function askIssuer(url: URL, timeoutMs = TIMEOUT_MS): Promise<IssuerAnswer> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json, application/jwk-set+json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, body: parse(await readText(response)) };
  } catch (error) {
    // The error of fetch stays behind: its message and causes can hold the URL.
    throw error instanceof IssuerError
      ? error
      : new IssuerError(`The issuer gave no answer (${reason(error)}).`);
  }
}

async function readText({ body }: { readonly body: AsyncIterable<Uint8Array> | null }): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new IssuerError(`The issuer's answer is larger than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The code of a broken connection, or the kind of the error. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return errorCode(error.cause) ?? error.name;
}
