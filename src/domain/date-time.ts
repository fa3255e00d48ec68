const RFC_3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/**
 * Reads a moment as RFC 3339 writes it, to the millisecond. The second 60 is not one: no clock that we know shows it.
 * @returns undefined for a text that is none, and for one that is not in the years 1 to 9999 of UTC
 */
export function parseDateTime(text: string): Date | undefined {
  const upper = text.toUpperCase();
  const [, date] = RFC_3339.exec(upper) ?? [];
  if (date === undefined || !isDate(date)) return undefined;
  const moment = new Date(upper);
  const year = moment.getUTCFullYear();
  return year >= 1 && year <= 9999 ? moment : undefined;
}

/** JavaScript reads 30 February as 2 March. */
function isDate(date: string): boolean {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
