import tseslint from 'typescript-eslint';

/** TypeGraphQL infers types from emitted metadata when none is given; this project gives every one as `() => Type`. */
const TYPE_FIRST = 'Field|Query|Mutation|Subscription|FieldResolver';
const explicitTypes = [
  {
    selector: `Decorator > CallExpression[callee.name=/^(${TYPE_FIRST})$/]:not([arguments.0.type='ArrowFunctionExpression'])`,
    message: 'Give the type as the first argument: () => Type.',
  },
  {
    selector: 'Decorator > CallExpression[callee.name=/^(Arg|Args)$/]:not(:has(> ArrowFunctionExpression))',
    message: 'Give the type of the argument: () => Type.',
  },
];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'src/generated/',
      'bench/generated/',
      'test/clients/examples/',
      '**/node_modules/',
      '.data/',
      '.stryker/',
    ],
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/return-await': ['error', 'always'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
      // Recurses without end on graphql-js's visitor types.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Type and schema classes have no members but decorated fields.
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-syntax': ['error', ...explicitTypes],
      eqeqeq: 'error',
    },
  },
  {
    // The clients are installed for their own command alone, which checks the types (scripts/check-clients.mjs).
    files: ['test/clients/**'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
  {
    // The initialiser of a field of an input class would make an absent field present.
    files: ['src/graphql/schema/inputs/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...explicitTypes,
        {
          selector: 'PropertyDefinition[value!=null]',
          message: 'No initialisers in input classes: absent must stay absent.',
        },
      ],
    },
  },
  {
    // Hooks of Apollo Server return promises, whatever they do.
    files: ['src/graphql/{apollo-server,document-limits-plugin}.ts'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 60 }],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/config/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/config reads the environment.' },
      ],
    },
  },
);
