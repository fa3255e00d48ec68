// A portal: one GraphQL schema stitched of the Device Gateway and of a service of its own, served over HTTP.
import { createServer } from 'node:http';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { stitchSchemas } from '@graphql-tools/stitch';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { buildSchema, print } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';

const { GATEWAY_URL = 'http://127.0.0.1:4000/graphql', GATEWAY_TOKEN, PORT = '4100' } = process.env;
if (GATEWAY_TOKEN === undefined) {
  process.stderr.write('Set GATEWAY_TOKEN to an access token of the gateway.\n');
  process.exit(1);
}

/** Sends a document to the gateway, with the token of the portal. */
async function askGateway(query, variables) {
  const response = await fetch(GATEWAY_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${GATEWAY_TOKEN}` },
    body: JSON.stringify({ query, variables }),
  });
  return await response.json();
}

/** The gateway, known by its URL: its `_sdl` says how devices are looked up by their ids, many at once. */
async function gatewayService() {
  const { data, errors } = await askGateway('{ _sdl }');
  if (data?._sdl === undefined) throw new Error(`The gateway tells no SDL: ${JSON.stringify(errors)}`);
  return {
    schema: buildSchema(data._sdl, { assumeValidSDL: true }),
    executor: ({ document, variables }) => askGateway(print(document), variables),
    batch: true,
  };
}

/** The portal's own service. It knows which devices a customer has, and of each device nothing but its id. */
const deviceIds = ['12345678901234567890abcd', '650000000000000000000002', '650000000000000000000003'];
const bakery = { name: 'Bakery', devices: deviceIds.map((id) => ({ id })) };
const customerService = {
  schema: makeExecutableSchema({
    typeDefs: `
      type Query { customer: PortalCustomer }
      type PortalCustomer { name: String devices: [NetworkDevice] }
      type NetworkDevice { id: ID! }`,
    resolvers: { Query: { customer: () => bakery } },
  }),
};

const schema = stitchSchemas({
  subschemaConfigTransforms: [stitchingDirectives().stitchingDirectivesTransformer],
  // Both have a query `customer`: that of the last one is the portal's, and this is on purpose.
  subschemas: [await gatewayService(), customerService],
  typeMergingOptions: { validationScopes: { 'Query.customer': { validationLevel: 'off' } } },
});

const server = createServer(createHandler({ schema }));
server.listen(Number(PORT), '127.0.0.1', () => {
  process.stdout.write(`Portal: http://127.0.0.1:${server.address().port}/graphql\n`);
});
