import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  printSchema,
} from 'graphql';

/** What only exists for portals, and is no part of what they compose. */
const META = '_';

/** The types and root fields that each way of composition leaves out: a portal has a `node` of its own. */
const NOT_STITCHED = ['Node', 'Query.node'];
const NOT_FEDERATED = [...NOT_STITCHED, 'Query.customers'];

const FEDERATION_HEAD = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.4", import: ["@key", "@shareable"])`;

const STITCHING_HEAD = `directive @merge(keyField: String, keyArg: String, additionalArgs: String, key: [String!], argsExpr: String) on FIELD_DEFINITION`;

/** Directives of a type or of one of its fields, by name; \`Type\` or \`Type.field\`. */
type DirectivesByCoordinate = Readonly<Record<string, string>>;

const KEY = '@key(fields: "id")';

/** The SDL of the Federation 2 subgraph: what another subgraph may refer to has a key. */
export const federationSdl = oncePerSchema((schema) => {
  const byCoordinate: DirectivesByCoordinate = {
    NetworkDevice: KEY,
    DeviceModel: KEY,
    Customer: KEY,
    // The portal may own customers and know their names too.
    'Customer.name': '@shareable',
    PageInfo: '@shareable',
  };
  return `${FEDERATION_HEAD}\n\n${print(withDirectives(schema, byCoordinate, NOT_FEDERATED))}\n`;
});

/** The SDL for stitching: it names the batch look-ups, so that a portal needs the URL and nothing else. */
export const stitchingSdl = oncePerSchema((schema) => {
  const merge = '@merge(keyField: "id")';
  const byCoordinate: DirectivesByCoordinate = {
    'Query.networkDevices': merge,
    'Query.deviceModels': merge,
    'Query.customers': merge,
  };
  return `${STITCHING_HEAD}\n\n${print(withDirectives(schema, byCoordinate, NOT_STITCHED))}\n`;
});

/** Nobody needs a token to ask for these texts, and printing a schema takes milliseconds. */
function oncePerSchema(make: (schema: GraphQLSchema) => string): (schema: GraphQLSchema) => string {
  const printed = new WeakMap<GraphQLSchema, string>();
  return (schema) => {
    const text = printed.get(schema) ?? make(schema);
    printed.set(schema, text);
    return text;
  };
}

function withDirectives(
  schema: GraphQLSchema,
  byCoordinate: DirectivesByCoordinate,
  leftOut: readonly string[],
): DocumentNode {
  const document = parse(printSchema(schema), { noLocation: true });
  return {
    ...document,
    definitions: document.definitions
      .filter((definition) => isComposed(definition, leftOut))
      .map((definition): DefinitionNode => {
        return definition.kind === Kind.OBJECT_TYPE_DEFINITION
          ? typeWithDirectives(definition, byCoordinate, leftOut)
          : definition;
      }),
  };
}

function isComposed(definition: DefinitionNode, leftOut: readonly string[]): boolean {
  if (!('name' in definition)) return true;
  const { value } = definition.name;
  return !value.startsWith(META) && !leftOut.includes(value);
}

function typeWithDirectives(
  type: ObjectTypeDefinitionNode,
  byCoordinate: DirectivesByCoordinate,
  leftOut: readonly string[],
): ObjectTypeDefinitionNode {
  const name = type.name.value;
  const fields = type.fields?.filter(
    (field) => !field.name.value.startsWith(META) && !leftOut.includes(`${name}.${field.name.value}`),
  );
  return {
    ...type,
    ...(type.interfaces && {
      interfaces: type.interfaces.filter(({ name: { value } }) => !leftOut.includes(value)),
    }),
    directives: [...(type.directives ?? []), ...directives(byCoordinate[name])],
    ...(fields && {
      fields: fields.map((field): FieldDefinitionNode => ({
        ...field,
        directives: [...(field.directives ?? []), ...directives(byCoordinate[`${name}.${field.name.value}`])],
      })),
    }),
  };
}

/** Directives as text, read: they are borrowed from a type that carries them. */
function directives(text: string | undefined): readonly ConstDirectiveNode[] {
  if (text === undefined) return [];
  const [definition] = parse(`type T ${text}`, { noLocation: true }).definitions;
  return definition?.kind === Kind.OBJECT_TYPE_DEFINITION ? (definition.directives ?? []) : [];
}
