/**
 * What is needed for each field of a section, by what the field holds: its default, or how a format reads it.
 * @param kinds what each field holds
 * @param needed what a field that holds this needs
 */
export function byKind<
  Kinds extends Readonly<Record<string, string>>,
  Needed extends Readonly<Record<Kinds[keyof Kinds], unknown>>,
>(kinds: Kinds, needed: Needed): { readonly [Name in keyof Kinds]: Needed[Kinds[Name]] };
export function byKind(
  kinds: Readonly<Record<string, string>>,
  needed: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, needed[kind]]));
}
