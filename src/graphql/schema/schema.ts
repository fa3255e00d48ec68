import 'reflect-metadata';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { DeviceModelResolver } from './resolvers/device-model-resolver.js';
import { DeviceLifeResolver } from './resolvers/device-life-resolver.js';
import { DeviceHistoryResolver } from './resolvers/device-history-resolver.js';
import { DeviceStatusResolver } from './resolvers/device-status-resolver.js';
import { CompositionResolver } from './resolvers/composition-resolver.js';
import { CustomerResolver } from './resolvers/customer-resolver.js';
import { EntitiesResolver } from './resolvers/entities-resolver.js';
import { NetworkDeviceListResolver } from './resolvers/network-device-list-resolver.js';
import { NetworkDeviceResolver } from './resolvers/network-device-resolver.js';
import { NodeResolver } from './resolvers/node-resolver.js';
import { ProvisioningResolver } from './resolvers/provisioning-resolver.js';
import { NetworkDeviceSubscriptionResolver } from './resolvers/network-device-subscription-resolver.js';
import { ViewerResolver } from './resolvers/viewer-resolver.js';
import { resolveWifiPasswords } from './resolvers/wifi-passwords.js';
import { guardResolvers } from '../errors/resolver-errors.js';
import { assertSized } from '../cost/schema-sizes.js';

/** What the environment decides about the schema. */
interface SchemaOptions {
  /** False leaves out what shows strangers the schema: `_sdl` and `_service`. */
  readonly introspection: boolean;
  /** The page that describes the error codes. */
  readonly docsUrl?: string | undefined;
}

/** TypeGraphQL has no class for the root types, and so no place for their descriptions. */
const ROOT_DESCRIPTIONS = {
  Query: 'What can be read. Every field but those that begin with an underscore needs an access token.',
  Mutation: 'What can be changed. Every field needs an access token.',
  Subscription:
    'What can be watched, over WebSocket (graphql-transport-ws; the token in connectionParams.authorization) or as server-sent events (GraphQL over SSE; the token as header). Every field needs an access token.',
};

/** The schema, built from the TypeGraphQL classes; every resolver fails with errors that may leave the gateway. */
export async function buildGatewaySchema(
  { introspection, docsUrl }: SchemaOptions = { introspection: true },
): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: [
      NetworkDeviceResolver,
      NetworkDeviceListResolver,
      DeviceLifeResolver,
      DeviceHistoryResolver,
      DeviceStatusResolver,
      NetworkDeviceSubscriptionResolver,
      DeviceModelResolver,
      CustomerResolver,
      NodeResolver,
      ProvisioningResolver,
      ViewerResolver,
      EntitiesResolver,
      ...(introspection ? [CompositionResolver] : []),
    ],
    // The domain's rules check the merged state; class-validator would see the patch only, and put it into its errors.
    validate: false,
    // TypeGraphQL insists on one, though every subscription here has a source of its own.
    pubSub: { publish: () => undefined, subscribe: refuseTopic },
  });
  for (const [name, description] of Object.entries(ROOT_DESCRIPTIONS)) {
    const root = schema.getType(name);
    if (root !== undefined) root.description = description;
  }
  // Whoever presents errors has the schema.
  schema.extensions = { ...schema.extensions, docsUrl };
  resolveWifiPasswords(schema);
  assertSized(schema);
  return guardResolvers(schema);
}

function refuseTopic(topic: string): never {
  throw new Error(`Nothing is published under the topic ${topic}.`);
}

/** The schema as text, in an order that does not depend on the code's; this is what schema.graphql holds. */
export function printGatewaySchema(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
