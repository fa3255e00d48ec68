// Mercurius and graphql-jit; PostgreSQL makes the nested JSON in one statement.
import { serve, rows } from './mercurius-server.mjs';
import { idOfCursor, READ, READ_MANY, READ_PAGE, UPDATE, updateValues } from './one-statement.mjs';

const deviceOf = ([row]) => row?.device ?? null;

await serve({
  Query: {
    networkDevice: async (_, { id }) => deviceOf(await rows('read', READ, [id])),
    networkDevices: async (_, { ids }) => (await rows('many', READ_MANY, [ids]))[0].devices,
    networkDeviceConnection: async (_, { first, after }) => ({
      nodes: (await rows('page', READ_PAGE, [first, idOfCursor(after)]))[0].devices,
    }),
  },
  Mutation: {
    updateNetworkDevice: async (_, { id, input }) =>
      deviceOf(await rows('update', UPDATE, updateValues(id, input))),
  },
});
