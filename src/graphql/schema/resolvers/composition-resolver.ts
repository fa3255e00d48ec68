import type { GraphQLResolveInfo } from 'graphql';
import { Field, Info, ObjectType, Query, Resolver } from 'type-graphql';
import { federationSdl, stitchingSdl } from './composition-sdl.js';

@ObjectType('_Service', {
  description: 'This service as a subgraph (Apollo Federation).',
  simpleResolvers: true,
})
class Service {
  @Field(() => String, { description: 'SDL of the subgraph.' })
  readonly sdl: string;

  constructor(sdl: string) {
    this.sdl = sdl;
  }
}

/** What portals need to compose this service. Like introspection it needs no token. */
@Resolver()
export class CompositionResolver {
  @Query(() => String, {
    name: '_sdl',
    description: 'SDL of this service with @merge on its batch look-ups, for portals that stitch.',
  })
  stitchingSdl(@Info() { schema }: GraphQLResolveInfo): string {
    return stitchingSdl(schema);
  }

  @Query(() => Service, {
    name: '_service',
    description: 'SDL of this service as a Federation 2 subgraph, for portals that federate.',
  })
  service(@Info() { schema }: GraphQLResolveInfo): Service {
    return new Service(federationSdl(schema));
  }
}
