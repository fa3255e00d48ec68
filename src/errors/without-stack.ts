/**
 * Makes an error whose stack nobody reads. graphql-js copies the stack of each error that it gives a place, and to write one out takes
 * longer than everything else about an answer that holds many.
 */
export function withoutStack<Made extends Error>(make: () => Made): Made {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
