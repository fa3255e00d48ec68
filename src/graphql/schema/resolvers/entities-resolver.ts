import { type GraphQLError, type GraphQLResolveInfo, GraphQLScalarType, valueFromASTUntyped } from 'graphql';
import { Arg, createUnionType, Ctx, Info, Query, Resolver } from 'type-graphql';
import { GatewayError } from '../../../errors/gateway-error.js';
import { assertBatchSize } from '../../../operations/batch.js';
import { readCustomers } from '../../../operations/read-customers.js';
import { readDeviceModels } from '../../../operations/read-device-models.js';
import { readNetworkDevices } from '../../../operations/read-network-devices.js';
import type { Viewer as AccessViewer } from '../../../access/viewer.js';
import { eachAtItsPlace } from './at-its-place.js';
import { deviceSelectionIn } from './device-selection.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { toGraphQLError } from '../../errors/resolver-errors.js';
import { Customer } from '../types/customer.js';
import { DeviceModel } from '../types/device-model.js';
import { NetworkDevice } from '../types/network-device.js';

type Entity = NetworkDevice | DeviceModel | Customer;

const EntityUnion = createUnionType({
  name: '_Entity',
  description: 'Everything that other subgraphs may refer to by its id (Apollo Federation).',
  types: () => [NetworkDevice, DeviceModel, Customer] as const,
});

const AnyScalar = new GraphQLScalarType<unknown, unknown>({
  name: '_Any',
  description: 'A reference to an entity: `__typename` and its key (Apollo Federation).',
  parseValue: keyOf,
  parseLiteral: (node, variables) => keyOf(valueFromASTUntyped(node, variables)),
});

/** What is read of a reference. The rest can be of any depth, and nobody is to walk it. */
function keyOf(value: unknown): { readonly __typename: unknown; readonly id: unknown } {
  const { __typename, id }: { __typename?: unknown; id?: unknown } =
    typeof value === 'object' && value !== null ? value : {};
  return {
    __typename: typeof __typename === 'string' ? __typename : null,
    id: typeof id === 'string' ? id : null,
  };
}

const ARGUMENT = 'representations';

/** How each kind of entity is looked up: many ids, one statement, null where there is none for this viewer. */
const LOOK_UPS = {
  NetworkDevice: async (
    context: GatewayContext,
    viewer: AccessViewer,
    ids: readonly string[],
    info: GraphQLResolveInfo,
  ) =>
    eachAtItsPlace(
      await readNetworkDevices(context.parts.deviceLists, viewer, ids, ARGUMENT, deviceSelectionIn(info)),
      context,
      (view) => new NetworkDevice(view),
    ),
  DeviceModel: async ({ parts }: GatewayContext, _viewer: AccessViewer, ids: readonly string[]) =>
    (await readDeviceModels(parts.catalog, ids, ARGUMENT)).map((model) => model && new DeviceModel(model)),
  Customer: async ({ parts }: GatewayContext, viewer: AccessViewer, ids: readonly string[]) =>
    (await readCustomers(parts.customerLists, viewer, ids, ARGUMENT)).map(
      (found) => found && new Customer(found),
    ),
};

type EntityName = keyof typeof LOOK_UPS;

const ENTITY_NAMES = Object.keys(LOOK_UPS).filter(isEntityName);

/** Answers a federated gateway: all representations of a request in one call, one statement for each kind. */
@Resolver()
export class EntitiesResolver {
  @Query(() => [EntityUnion], {
    name: '_entities',
    nullable: 'items',
    description:
      'Entities by their references, null where one is missing or out of reach (Apollo Federation).',
  })
  async entities(
    @Arg(ARGUMENT, () => [AnyScalar], { description: 'References to entities, at most 1000.' })
    representations: unknown[],
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(Entity | GraphQLError | null)[]> {
    const viewer = requireViewer(context);
    assertBatchSize(ARGUMENT, representations.length);
    const references = representations.map(toReference);
    const found = new Map<string, Entity | GraphQLError | null>();
    for (const name of ENTITY_NAMES) {
      const ids = references.flatMap((reference) => (reference?.typename === name ? [reference.id] : []));
      if (ids.length === 0) continue;
      const entities: readonly (Entity | GraphQLError | null)[] = await LOOK_UPS[name](
        context,
        viewer,
        ids,
        info,
      );
      entities.forEach((entity, index) => found.set(`${name}:${ids[index] ?? ''}`, entity));
    }
    const malformed = references.includes(undefined)
      ? toGraphQLError(new GatewayError('BAD_REQUEST', { message: MALFORMED }), context)
      : null;
    return references.map((reference) =>
      reference === undefined ? malformed : (found.get(`${reference.typename}:${reference.id}`) ?? null),
    );
  }
}

interface Reference {
  readonly typename: EntityName;
  readonly id: string;
}

const MALFORMED = `A representation holds __typename, one of ${ENTITY_NAMES.join(', ')}, and id.`;

/** Undefined for a representation that is malformed: the others stand. */
function toReference(representation: unknown): Reference | undefined {
  const { __typename: typename, id } = keyOf(representation);
  return isEntityName(typename) && typeof id === 'string' ? { typename, id } : undefined;
}

function isEntityName(name: unknown): name is EntityName {
  return typeof name === 'string' && Object.hasOwn(LOOK_UPS, name);
}
