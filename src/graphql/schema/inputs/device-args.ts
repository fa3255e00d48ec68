import { Arg, ID, Int } from 'type-graphql';

// The arguments that the fields of one device have in common.

/** The argument `id` of a field about one device. */
export function DeviceIdArg(): ReturnType<typeof Arg> {
  return Arg('id', () => ID, { description: 'Id of the device: 24 hex digits in any case.' });
}

/** The argument `expectedVersion` of a mutation. @param refused what is refused, e.g. `the update` */
export function ExpectedVersionArg(refused = ''): ReturnType<typeof Arg> {
  return Arg('expectedVersion', () => Int, {
    nullable: true,
    description: `Refuse ${refused === '' ? '' : `${refused} `}with VERSION_CONFLICT unless the device is at this version.`,
  });
}

/** The argument `dryRun` of a mutation. @param more what else its description says of the answer */
export function DryRunArg(more = ''): ReturnType<typeof Arg> {
  return Arg('dryRun', () => Boolean, {
    nullable: true,
    defaultValue: false,
    description: `Do everything but write, and return what would have been${more}.`,
  });
}
