// Mercurius and graphql-jit; PostgreSQL makes the nested JSON in one statement.
import { serve, rows } from './mercurius-server.mjs';
import {
  idOfCursor,
  isRename,
  READ,
  READ_MANY,
  READ_MANY_SLIM,
  READ_PAGE,
  RENAME,
  UPDATE,
  updateValues,
} from './one-statement.mjs';

/** Whether nothing but two fields of each device is asked for: those of the slim batch. */
const isSlim = ({ fieldNodes: [node] }) => node.selectionSet.selections.length === 2;
const deviceOf = ([row]) => row?.device ?? null;

await serve({
  Query: {
    networkDevice: async (_, { id }) => deviceOf(await rows('read', READ, [id])),
    networkDevices: async (_, { ids }, __, info) =>
      isSlim(info)
        ? (await rows('slim', READ_MANY_SLIM, [ids]))[0].devices
        : (await rows('many', READ_MANY, [ids]))[0].devices,
    networkDeviceConnection: async (_, { first, after }) => ({
      nodes: (await rows('page', READ_PAGE, [first, idOfCursor(after)]))[0].devices,
    }),
  },
  Mutation: {
    updateNetworkDevice: async (_, { id, input }) =>
      deviceOf(
        isRename(input)
          ? await rows('rename', RENAME, [id, input.name])
          : await rows('update', UPDATE, updateValues(id, input)),
      ),
  },
});
