/**
 * The import rule: imports point inwards. Each folder of src/ lists what it may import beside itself; a new edge is a
 * reviewed change of this list.
 */
const MAY_IMPORT = {
  errors: [],
  domain: ['errors'],
  access: ['domain', 'errors'],
  config: ['errors'],
  logging: ['errors'],
  auth: ['access', 'domain', 'errors'],
  persistence: ['config', 'domain', 'errors', 'logging', 'generated'],
  operations: ['access', 'domain', 'errors'],
  provisioning: ['config', 'domain', 'errors', 'logging'],
  limits: ['operations', 'access', 'auth', 'errors'],
  live: ['operations', 'domain', 'errors', 'logging'],
  metrics: ['errors'],
  graphql: ['operations', 'access', 'auth', 'domain', 'errors', 'logging'],
  http: ['graphql', 'operations', 'access', 'auth', 'limits', 'domain', 'errors', 'logging', 'metrics'],
  commands: [
    'access',
    'auth',
    'config',
    'domain',
    'errors',
    'graphql',
    'logging',
    'operations',
    'persistence',
  ],
  generated: [],
};

/** Folders that take their stores from app.ts: they may know the types of persistence, and none of its code. */
const TYPES_OF_PERSISTENCE = ['operations', 'live', 'graphql', 'http', 'provisioning'];

const layerRules = Object.entries(MAY_IMPORT).map(([folder, others]) => ({
  name: `${folder}-imports-inwards`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: [
      ...[folder, ...others].map((name) => `^src/${name}/`),
      ...(TYPES_OF_PERSISTENCE.includes(folder) ? ['^src/persistence/'] : []),
      ...(folder === 'commands' ? ['^src/(app|worker-app)\\.ts$'] : []),
    ],
  },
}));

const PURE = '^src/(domain|access|errors)/';

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'stores-are-handed-in',
      comment:
        'Operations and resolvers get stores from app.ts; pure helpers beside the stores are no exception but one.',
      severity: 'error',
      from: { path: `^src/(${TYPES_OF_PERSISTENCE.join('|')})/` },
      to: {
        path: '^src/persistence/',
        pathNot: '^src/persistence/device-secrets\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
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
      from: { path: '^src/', pathNot: '^src/(persistence|generated)/' },
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
