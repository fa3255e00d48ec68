/** Fault suite and other long tests in full (`npm run test:faults`), or in their short form: one code, two sizes. */
const isWhole = process.env['FAULTS'] === 'whole';

/** A number of such a test. */
export function size(whole: number, short: number): number {
  return isWhole ? whole : short;
}

/** The share of its throughput before a fault at which a gateway is well again; in the short form others are at work on the machine, now more and now less. */
export function wellAgain(whole: number): number {
  return size(whole, 0.25);
}
