/**
 * The import rule: imports point inwards. Each room of src/ — the files that stand directly in one folder — lists the rooms
 * that it may import beside itself; a new edge is a reviewed change of this list. A room's own sub-folders are rooms like others.
 */
const MAY_IMPORT = {
  errors: [],
  timing: [],
  domain: ['errors'],
  access: ['domain', 'errors'],
  config: ['secrets', 'domain', 'errors'],
  logging: ['domain', 'errors'],
  metrics: ['errors'],
  secrets: ['domain', 'errors'],
  'data-dir': ['config', 'secrets', 'errors'],
  'embedded-postgres': ['data-dir', 'errors'],
  auth: ['access', 'domain', 'errors'],

  'persistence/database': ['domain', 'timing', 'errors', 'logging', 'generated/prisma'],
  'persistence/rows': ['persistence/database', 'secrets', 'domain'],
  'persistence/jobs': ['persistence/rows', 'persistence/database', 'domain'],
  'persistence/idempotency': ['persistence/database', 'secrets', 'errors'],
  'persistence/devices': [
    'persistence/jobs',
    'persistence/idempotency',
    'persistence/rows',
    'persistence/database',
    'secrets',
    'domain',
    'generated/prisma',
  ],
  'persistence/changes': ['persistence/database', 'timing', 'logging'],
  'persistence/secrets': [
    'persistence/rows',
    'persistence/idempotency',
    'persistence/database',
    'secrets',
    'domain',
    'errors',
  ],
  'persistence/fixtures': ['persistence/database', 'secrets', 'domain'],
  'persistence/setup': [
    'persistence/secrets',
    'persistence/idempotency',
    'persistence/database',
    'embedded-postgres',
    'data-dir',
    'secrets',
    'errors',
    'logging',
  ],

  operations: [
    'persistence/devices',
    'persistence/jobs',
    'persistence/idempotency',
    'persistence/rows',
    'secrets',
    'access',
    'domain',
    'errors',
  ],
  'operations/import-fleet': ['persistence/devices', 'domain', 'errors'],
  limits: ['operations', 'auth', 'domain', 'timing', 'errors'],
  live: ['operations', 'persistence/rows', 'timing', 'errors', 'logging'],
  provisioning: ['persistence/jobs', 'persistence/rows', 'secrets', 'config', 'domain', 'errors', 'logging'],

  'graphql/request': [
    'graphql/documents',
    'operations',
    'persistence/devices',
    'access',
    'auth',
    'domain',
    'timing',
    'errors',
    'logging',
  ],
  'graphql/documents': ['errors'],
  'graphql/cost': ['graphql/documents', 'graphql/request', 'operations', 'domain', 'errors'],
  'graphql/errors': ['graphql/documents', 'graphql/request', 'auth', 'domain', 'errors', 'logging'],
  'graphql/execution': ['graphql/cost', 'graphql/documents', 'graphql/errors', 'graphql/request'],
  'graphql/trusted': [
    'graphql/cost',
    'graphql/documents',
    'graphql/errors',
    'graphql/request',
    'access',
    'auth',
  ],
  'graphql/subscriptions': [
    'graphql/trusted',
    'graphql/cost',
    'graphql/documents',
    'graphql/errors',
    'graphql/request',
    'operations',
    'access',
    'auth',
    'errors',
  ],
  'graphql/schema/leaves': ['access', 'domain'],
  'graphql/schema/types': ['graphql/schema/leaves', 'operations', 'secrets', 'access', 'domain'],
  'graphql/schema/inputs': ['graphql/schema/leaves', 'operations', 'persistence/devices', 'domain'],
  'graphql/schema/resolvers': [
    'graphql/schema/types',
    'graphql/schema/inputs',
    'graphql/schema/leaves',
    'graphql/errors',
    'graphql/request',
    'operations',
    'secrets',
    'access',
    'auth',
    'domain',
    'errors',
  ],
  'graphql/schema': ['graphql/schema/resolvers', 'graphql/cost', 'graphql/errors'],
  graphql: [
    'graphql/execution',
    'graphql/cost',
    'graphql/documents',
    'graphql/errors',
    'graphql/request',
    'errors',
  ],

  'http/core': ['domain', 'errors', 'logging', 'metrics'],
  'http/endpoints': [
    'http/core',
    'graphql/execution',
    'graphql/subscriptions',
    'graphql/trusted',
    'graphql/errors',
    'graphql/request',
    'limits',
    'auth',
    'timing',
    'errors',
    'logging',
    'metrics',
  ],
  'http/pages': ['http/core'],
  rest: [
    'http/endpoints',
    'http/core',
    'operations',
    'limits',
    'secrets',
    'access',
    'auth',
    'domain',
    'errors',
    'logging',
  ],
  http: ['rest', 'http/endpoints', 'http/pages', 'http/core', 'metrics'],

  app: [
    'http',
    'http/endpoints',
    'graphql',
    'graphql/cost',
    'graphql/execution',
    'graphql/request',
    'graphql/schema',
    'graphql/subscriptions',
    'graphql/trusted',
    'live',
    'provisioning',
    'limits',
    'operations',
    'operations/import-fleet',
    'persistence/changes',
    'persistence/database',
    'persistence/devices',
    'persistence/idempotency',
    'persistence/jobs',
    'persistence/rows',
    'persistence/setup',
    'data-dir',
    'auth',
    'config',
    'timing',
    'logging',
    'metrics',
  ],
  commands: [
    'app',
    'graphql/schema',
    'graphql/cost',
    'graphql/trusted',
    'operations',
    'operations/import-fleet',
    'persistence/database',
    'persistence/devices',
    'persistence/fixtures',
    'persistence/secrets',
    'persistence/setup',
    'data-dir',
    'secrets',
    'auth',
    'access',
    'config',
    'domain',
    'errors',
    'logging',
  ],
  // main.ts alone.
  '': ['app', 'commands', 'config', 'logging'],
};

assertNoCircle(MAY_IMPORT);

/** No room imports one that imports it, by whatever detour. */
function assertNoCircle(edges) {
  const done = new Set();
  const visit = (room, path) => {
    if (path.includes(room)) throw new Error(`Rooms import each other: ${[...path, room].join(' → ')}`);
    if (done.has(room)) return;
    for (const other of edges[room] ?? []) visit(other, [...path, room]);
    done.add(room);
  };
  for (const room of Object.keys(edges)) visit(room, []);
}

/** The files that stand directly in a room. */
const filesOf = (room) => `^src/${room === '' ? '' : `${room}/`}[^/]+$`;

/** Rooms that take their stores from app.ts: they may know the types of persistence, and none of its code. */
const TYPES_OF_PERSISTENCE = ['operations', 'live', 'graphql', 'http', 'rest', 'provisioning'];

const roomRules = Object.entries(MAY_IMPORT).map(([room, others]) => ({
  name: `${room || 'main'}-imports-inwards`,
  severity: 'error',
  from: { path: filesOf(room) },
  to: {
    path: '^src/',
    pathNot: [room, ...others].map((name) =>
      name.startsWith('generated/') ? `^src/${name}/` : filesOf(name),
    ),
  },
}));

const PURE = '^src/(domain|access|errors)/';

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'every-room-has-a-rule',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/generated/', ...Object.keys(MAY_IMPORT).map(filesOf)] },
      to: {},
    },
    {
      name: 'stores-are-handed-in',
      comment: 'Operations and resolvers get stores from app.ts.',
      severity: 'error',
      from: { path: `^src/(${TYPES_OF_PERSISTENCE.join('|')})/` },
      to: { path: '^src/persistence/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'embedded-postgres-only-for-storage',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(embedded-postgres/|persistence/setup/open-storage\\.ts$)' },
      to: { path: '^src/embedded-postgres/' },
    },
    {
      name: 'pure-stays-pure',
      comment:
        'Rules, access and errors need no framework and do no I/O. Of `net` they take isIPv6, which only reads text.',
      severity: 'error',
      from: { path: PURE },
      to: { pathNot: [PURE, '^(node:)?(util|net)$'] },
    },
    {
      name: 'prisma-and-pg-only-in-persistence',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(persistence|embedded-postgres|generated)/' },
      to: { path: 'node_modules/(@prisma|pg)/|^src/generated/' },
    },
    {
      name: 'graphql-only-in-graphql',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/graphql/' },
      to: { path: 'node_modules/(graphql|type-graphql|@graphql-tools|@graphql-inspector)/' },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$', '^src/(commands|generated)/', '^src/main\\.ts$'] },
      to: {},
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '^src/generated/' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
