/** Where a value stands: names of arguments, fields and properties, places in lists. */
export type ValuePath = readonly PropertyKey[];

/** The path as violations spell it, e.g. `reports[1].upTime`. */
export function dottedPath(path: ValuePath): string {
  return path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : text === '' ? String(step) : `${text}.${String(step)}`,
    '',
  );
}
