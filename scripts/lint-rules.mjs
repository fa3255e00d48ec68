// Rules of the linter that are this project's own; .oxlintrc.json says for which files.

/**
 * A rule that reports each node that one of these selectors finds.
 * @param {Record<string, string>} messages by selector
 */
function restrict(messages) {
  return {
    /** @param {{ report(problem: { node: unknown, message: string }): void }} context */
    create: (context) =>
      Object.fromEntries(
        Object.entries(messages).map(([selector, message]) => [
          selector,
          /** @param {unknown} node */
          (node) => context.report({ node, message }),
        ]),
      ),
  };
}

export default {
  meta: { name: 'gateway' },
  rules: {
    // TypeGraphQL infers types from emitted metadata when none is given; this project gives every one as `() => Type`.
    'explicit-types': restrict({
      "Decorator > CallExpression[callee.name=/^(Field|Query|Mutation|Subscription|FieldResolver)$/]:not([arguments.0.type='ArrowFunctionExpression'])":
        'Give the type as the first argument: () => Type.',
      'Decorator > CallExpression[callee.name=/^(Arg|Args)$/]:not(:has(> ArrowFunctionExpression))':
        'Give the type of the argument: () => Type.',
    }),
    // The initialiser of a field of an input class would make an absent field present.
    'no-initialisers': restrict({
      'PropertyDefinition[value!=null]': 'No initialisers in input classes: absent must stay absent.',
    }),
  },
};
