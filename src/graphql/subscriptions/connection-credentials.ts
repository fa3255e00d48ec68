/** As long as all headers of a request may be together: it is kept for as long as the connection is open. */
const MAX_LENGTH = 16_384;

/**
 * The credentials of a WebSocket client, as the header of HTTP would have them: `authorization` among its connection parameters
 * or in their `headers`, names in any case, else the header of the upgrade request. The first that is there counts; one that is no
 * text, or longer than a header may be, is malformed, and null is not there.
 */
export function authorizationOf(
  params: Readonly<Record<string, unknown>> = {},
  upgradeHeader: string | undefined,
): string | undefined {
  const given =
    propertyOf(params, 'authorization') ?? propertyOf(propertyOf(params, 'headers'), 'authorization');
  if (given === undefined || given === null) return upgradeHeader;
  return typeof given === 'string' && given.length <= MAX_LENGTH ? given : 'malformed';
}

/** The value of the first property with this name in any case that is not null. */
function propertyOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key, held]) => held !== null && key.toLowerCase() === name)?.[1];
}
