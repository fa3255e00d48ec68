import { isoText } from '../../../domain/date-time.js';
import { GraphQLScalarType, Kind, GraphQLError, type ValueNode } from 'graphql';

/**
 * A scalar that names the meaning of a text. It accepts every string: a malformed one is refused by the operation,
 * with the path of the value, so that it cannot blank its neighbours in a batched request.
 */
function namedText(
  name: string,
  description: string,
  specifiedByURL?: string,
): GraphQLScalarType<string, string> {
  const { parseValue, parseLiteral } = anyText(name);
  return new GraphQLScalarType({
    name,
    description,
    ...(specifiedByURL !== undefined && { specifiedByURL }),
    serialize: parseValue,
    parseValue,
    parseLiteral,
  });
}

/** Coercion that lets every string through, and nothing else. */
function anyText(name: string) {
  const refuse = (): never => {
    throw new GraphQLError(`${name} is a string.`);
  };
  return {
    parseValue: (value: unknown): string => (typeof value === 'string' ? value : refuse()),
    parseLiteral: (node: ValueNode): string => (node.kind === Kind.STRING ? node.value : refuse()),
  };
}

export const MacAddressScalar = namedText(
  'MacAddress',
  'A MAC address. Accepted: 12 hex digits in any case with ":", "-", "." or nothing between. Returned: 12 lower-case hex digits.',
);

export const IPv4Scalar = namedText(
  'IPv4',
  'An IPv4 address as a dotted quad, e.g. "192.168.0.1": no prefix length, no leading zeros.',
  'https://www.rfc-editor.org/rfc/rfc791',
);

export const IPv6Scalar = namedText(
  'IPv6',
  'An IPv6 address as text, e.g. "2001:db8::1".',
  'https://www.rfc-editor.org/rfc/rfc4291',
);

/** As input a text like the others; the operation reads it. */
export const DateTimeScalar = new GraphQLScalarType<Date | string, string>({
  name: 'DateTime',
  description:
    'A moment, to the millisecond, e.g. "2025-01-01T00:00:00.000Z". Accepted with any offset; returned in UTC.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (value) => {
    if (value instanceof Date) return isoText(value);
    throw new GraphQLError('DateTime is a moment.');
  },
  ...anyText('DateTime'),
});
