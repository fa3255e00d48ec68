import { dottedPath } from '../../errors/dotted-path.js';
import {
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  getNamedType,
  Kind,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Logger } from 'pino';
import { isErrorCode } from '../../errors/catalogue.js';
import { type ErrorFacts, GatewayError, inputError } from '../../errors/gateway-error.js';
import { withDocsLink } from '../../errors/docs-link.js';
import { toExtensions } from '../../errors/wire.js';
import { logFailure } from '../../logging/log.js';
import { ArgumentPath, placesOfVariables } from '../documents/argument-paths.js';
import { notPermitted } from '../documents/enum-violations.js';

/** What is known of the request that an error belongs to. */
export interface RequestFacts {
  readonly requestId: string;
  readonly schema: GraphQLSchema;
  /** Undefined when it could not be parsed. */
  readonly document?: DocumentNode | undefined;
}

/**
 * The errors of one answer in wire format: those that resolvers threw are ready (see resolver-errors.ts), those
 * about the document or its transport get messages of the gateway's, because graphql-js repeats the values it complains of.
 */
export function presentErrors(
  errors: readonly GraphQLError[],
  facts: RequestFacts,
): readonly GraphQLFormattedError[] {
  if (errors.length === 0) return [];
  const described = { ...facts, enumPlaces: enumPlacesOf(facts) };
  const base = facts.schema.extensions['docsUrl'];
  const docsUrl = typeof base === 'string' ? base : undefined;
  return errors.map((error) => {
    const { locations, path } = error.toJSON();
    const { message, extensions } = describe(error, described);
    return {
      message,
      ...(locations && { locations }),
      ...(path && { path }),
      extensions: withDocsLink(extensions, docsUrl),
    };
  });
}

/** The facts that the errors of one answer share; a walk through the document for each of them would take too long. */
interface SharedFacts extends RequestFacts {
  readonly enumPlaces: () => EnumPlaces;
}

/** Where literals stand that are no value of their enum: node → dotted path of the argument or field. */
type EnumPlaces = ReadonlyMap<unknown, string>;

function enumPlacesOf({ schema, document }: RequestFacts): () => EnumPlaces {
  let places: EnumPlaces | undefined;
  return () =>
    (places ??= document === undefined ? new Map<unknown, string>() : findEnumPlaces(schema, document));
}

function describe(error: GraphQLError, facts: SharedFacts): Pick<GraphQLError, 'message' | 'extensions'> {
  const { extensions, message } = error;
  if (isReady(error)) return { message, extensions: { ...extensions, http: undefined } };
  // Clients that use automatic persisted queries recognise these by code and message, as Apollo defined them.
  const code = String(extensions['code']);
  if (code.startsWith('PERSISTED_QUERY_')) {
    const ours = toExtensions(new GatewayError('BAD_REQUEST'), facts.requestId);
    return { message, extensions: { ...ours, code } };
  }
  const known = toRequestError(error, code, facts);
  return { message: known.message, extensions: toExtensions(known, facts.requestId) };
}

/** The codes of errors in wire format. */
export function codesOf(errors: readonly GraphQLFormattedError[]): readonly string[] {
  return errors.map(({ extensions }) => String(extensions?.['code']));
}

/** Logs the errors of an execution that no resolver expected, e.g. a value that does not fit its type. */
export function logUnforeseen(errors: readonly GraphQLError[], log: Logger, requestId: string): void {
  for (const error of errors) {
    if (isReady(error) || error.path === undefined) continue;
    logFailure(log, new GatewayError('INTERNAL_ERROR', {}, { cause: error }), requestId);
  }
}

/** Whether an error already is in wire format. */
function isReady({ extensions }: GraphQLError): boolean {
  return isErrorCode(extensions['code']) && 'requestId' in extensions;
}

function toRequestError(error: GraphQLError, code: string, facts: SharedFacts): GatewayError {
  switch (code) {
    case 'GRAPHQL_PARSE_FAILED':
      return tooLargeToParse(error) ?? new GatewayError(code, safeText(withoutToken(error.message)));
    case 'GRAPHQL_VALIDATION_FAILED':
      return validationError(error, facts.enumPlaces);
    case 'BAD_USER_INPUT':
      return new GatewayError(code);
    case 'OPERATION_RESOLUTION_FAILURE':
    case 'BAD_REQUEST':
      return new GatewayError('BAD_REQUEST', safeText(error.message));
    default:
      return isRefusedByApollo(error)
        ? new GatewayError('BAD_REQUEST', safeText(error.message))
        : new GatewayError('INTERNAL_ERROR', {}, { cause: error });
  }
}

/** The parser counts tokens, and it runs out of stack where lists, objects or types are nested thousands deep. */
function tooLargeToParse({ message }: GraphQLError): GatewayError | undefined {
  const [, count] = / more tha[nt] (\d+) tokens/.exec(message) ?? [];
  if (count !== undefined) {
    return new GatewayError('OPERATION_TOO_LARGE', {
      message: `A document has at most ${count} tokens (MAX_TOKENS). Send values as variables, or split it into several requests.`,
    });
  }
  return message.includes('call stack')
    ? new GatewayError('OPERATION_TOO_LARGE', { message: 'The document is nested too deeply.' })
    : undefined;
}

/** Apollo gives some errors of a request no code but a status, e.g. a persisted query under the hash of another. */
function isRefusedByApollo({ path, extensions: { http } }: GraphQLError): boolean {
  return (
    path === undefined && typeof http === 'object' && http !== null && 'status' in http && http.status === 400
  );
}

function safeText(message: string): ErrorFacts {
  return { message: message.trim().slice(0, 500) };
}

/** "Syntax Error: Expected Name, found String "…"": the token may be a password, so only its kind is shown. */
function withoutToken(message: string): string {
  return message.replace(/\b(Name|String|BlockString|Int|Float|Comment) ".*$/s, '$1.');
}

const VALUE_KINDS: ReadonlySet<string> = new Set<ValueNode['kind']>([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
]);

function validationError(error: GraphQLError, enumPlaces: () => EnumPlaces): GatewayError {
  const node = error.nodes?.[0];
  // A password that was left unquoted can look like a variable.
  if (node?.kind === Kind.VARIABLE) {
    const message = 'A variable is used that the operation does not declare.';
    return new GatewayError('GRAPHQL_VALIDATION_FAILED', { message });
  }
  if (node === undefined || !VALUE_KINDS.has(node.kind)) {
    return new GatewayError('GRAPHQL_VALIDATION_FAILED', safeText(error.message));
  }
  const path = enumPlaces().get(node);
  if (path !== undefined) return inputError([notPermitted(path)]);
  // "Int cannot represent non-integer value: …" and "Expected value of type "X", found …" end in the value.
  const message = error.message.replace(/(, found|:) .*$/s, '.');
  return new GatewayError('GRAPHQL_VALIDATION_FAILED', safeText(message));
}

function findEnumPlaces(schema: GraphQLSchema, document: DocumentNode): EnumPlaces {
  const places = new Map<unknown, string>();
  const typeInfo = new TypeInfo(schema);
  const path = new ArgumentPath();
  let defaultOf: string | undefined;
  let variablePlaces: ReadonlyMap<string, string> = new Map();
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      enter: (node, key) => {
        path.enter(node, key);
        if (node.kind === Kind.OPERATION_DEFINITION) variablePlaces = placesOfVariables(document, node);
        if (node.kind === Kind.VARIABLE_DEFINITION) defaultOf = node.variable.name.value;
        if (!isOutsideEnum(node, getNamedType(typeInfo.getInputType()))) return;
        const place = defaultOf === undefined ? [] : [variablePlaces.get(defaultOf) ?? defaultOf];
        places.set(node, dottedPath([...place, ...path.steps]));
      },
      leave: (node, key) => {
        path.leave(node, key);
        if (node.kind === Kind.VARIABLE_DEFINITION) defaultOf = undefined;
      },
    }),
  );
  return places;
}

/** Whether a literal is no value of the enum that is expected in its place; of lists it is their items. */
function isOutsideEnum(node: ASTNode, type: GraphQLNamedType | undefined): boolean {
  if (!isEnumType(type) || !VALUE_KINDS.has(node.kind)) return false;
  if (node.kind === Kind.NULL || node.kind === Kind.LIST) return false;
  return node.kind !== Kind.ENUM || type.getValue(node.value) === undefined;
}
