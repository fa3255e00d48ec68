/** Maximum number of lines that a command prints of a list. */
const MAX_SHOWN = 20;

/** The lines of a list, indented, and how many more there are. */
export function shownLines<T>(items: readonly T[], line: (item: T) => string): readonly string[] {
  const rest = items.length - MAX_SHOWN;
  return [
    ...items.slice(0, MAX_SHOWN).map((item) => `  - ${line(item)}`),
    ...(rest > 0 ? [`  - and ${rest} more`] : []),
  ];
}
