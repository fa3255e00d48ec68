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

const DAY_MS = 86_400_000;
/** Maximum number of days whose date is remembered. */
const MAX_DATES = 1_000;
/** The date of a day by its number since 1970, e.g. `2026-11-27T`. */
const dates = new Map<number, string>();

/** The text of `toISOString`, which takes V8 five times as long: a hundred devices have three hundred moments. */
export function isoText(moment: Date): string {
  const time = moment.getTime();
  const day = Math.floor(time / DAY_MS);
  const milliseconds = time - day * DAY_MS;
  const seconds = Math.floor(milliseconds / 1_000);
  const minutes = Math.floor(seconds / 60);
  const clock = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  const fraction = milliseconds % 1_000;
  return `${dates.get(day) ?? dateOf(moment, day)}${clock}.${fraction < 100 ? '0' : ''}${twoDigits(fraction)}Z`;
}

function dateOf(moment: Date, day: number): string {
  if (dates.size >= MAX_DATES) dates.clear();
  const date = moment.toISOString().slice(0, -'hh:mm:ss.sssZ'.length);
  dates.set(day, date);
  return date;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}
