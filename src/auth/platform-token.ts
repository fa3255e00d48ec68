import { z } from 'zod';
import { ACCESS_LEVELS } from '../access/viewer.js';
import { parseId } from '../domain/id.js';
import { isStorable } from '../domain/text.js';
import { askIssuer, IssuerError } from './ask-issuer.js';
import { withToken } from './bearer.js';
import { cachedAuthenticate } from './cached-authenticate.js';
import { type Authenticate, type Credential, isPossibleExpiry, type LimitValidations } from './credential.js';

/** A client that is logged out is out after this time at the latest; the contract promises it. */
const VIEWER_MS = 30_000;
/** Short, because a token can become good: the platform lets an address in, or makes the employee known. */
const REFUSAL_MS = 5_000;
const MAX_ENTRIES = 10_000;

/** The platform's tokens are far shorter; more would not fit into a URL everywhere. */
const MAX_TOKEN_LENGTH = 4_096;

/** An id, or the object that has it. */
const reference = z.union([
  z.string().min(1),
  z.object({ _id: z.string().min(1) }).transform(({ _id }) => _id),
]);

const customerReference = reference.transform(parseId).refine((id) => id !== undefined);

const acceptance = z.object({
  success: z.literal(true),
  employee: reference,
  customer: customerReference.nullish(),
  accessLevel: z.string(),
  /** -1 for a token that stays. */
  expiresInMinutes: z.number().nullish(),
});

const refusal = z.object({ success: z.literal(false) });

/**
 * Has tokens validated by the platform itself, which alone can read them: `GET /auth/validateToken`.
 * @param limit bounds how often it is asked
 * @param now milliseconds since 1970
 * @param onError called each time that it does not validate a token
 */
export function platformAuthenticator(
  validateTokenUrl: string,
  limit: LimitValidations,
  now: () => number,
  onError: (error: unknown) => void,
): Authenticate {
  const ask = limit(async (token, clientAddress) => {
    const url = new URL(validateTokenUrl);
    url.searchParams.set('token', token);
    url.searchParams.set('ip', clientAddress);
    try {
      const { status, body } = await askIssuer(url);
      return toCredential(status, body, now());
    } catch (error) {
      onError(error);
      return { failure: error };
    }
  });
  const authenticate = withToken(async (token, clientAddress) =>
    token.length > MAX_TOKEN_LENGTH ? { rejection: 'invalid_token' } : await ask(token, clientAddress),
  );
  return cachedAuthenticate(authenticate, {
    viewerMs: VIEWER_MS,
    refusalMs: REFUSAL_MS,
    maxEntries: MAX_ENTRIES,
    now,
  });
}

function toCredential(status: number, body: unknown, now: number): Credential {
  if (status === 401 || status === 403) return toRefusal(body);
  if (status !== 200) throw new IssuerError(`The platform answered ${status} instead of validating a token.`);
  if (refusal.safeParse(body).success) return toRefusal(body);
  const { data } = acceptance.safeParse(body);
  if (data === undefined) throw new IssuerError('The platform answered what is no validation of a token.');
  const level = ACCESS_LEVELS.find((candidate) => candidate === data.accessLevel);
  if (level === undefined || !isStorable(data.employee)) return { rejection: 'invalid_token' };
  const minutes = data.expiresInMinutes ?? 0;
  const expiresAt = now + minutes * 60_000;
  return {
    viewer: { subject: data.employee, level, customerId: data.customer ?? null, scopes: [] },
    expiresAt: minutes > 0 && isPossibleExpiry(expiresAt) ? new Date(expiresAt) : null,
  };
}

/**
 * The platform's other codes concern a token that was not sent, or not in the header: seen from the client they are
 * all about a token that is not valid.
 */
function toRefusal(body: unknown): Credential {
  const message = typeof body === 'object' && body !== null && 'message' in body ? body.message : body;
  return { rejection: message === 'expired' ? 'expired' : 'invalid_token' };
}
