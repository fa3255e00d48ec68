import { Arg } from 'type-graphql';

/** The argument `idempotencyKey` of a mutation. */
export function IdempotencyKeyArg(): ReturnType<typeof Arg> {
  return Arg('idempotencyKey', () => String, {
    nullable: true,
    description:
      'Makes a repeat safe: of all calls with the same key and arguments one has an effect, the others answer with what it is on as it is now. ' +
      '1 to 255 printable ASCII characters, kept for IDEMPOTENCY_HOURS; another call with it is refused with IDEMPOTENCY_KEY_REUSED.',
  });
}
