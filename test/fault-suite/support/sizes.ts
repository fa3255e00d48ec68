/** The whole suite (`npm run test:faults`), or the short form of it that every `npm test` runs: one code, two sizes. */
const isWhole = process.env['FAULTS'] === 'whole';

/** A number of the suite. */
export function size(whole: number, short: number): number {
  return isWhole ? whole : short;
}
