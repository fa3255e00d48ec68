/**
 * The median of some values, and the interval that holds the true one with 95 % confidence: by the order of the values
 * alone, whatever their distribution (David & Nagaraja, Order Statistics, 7.1).
 */
export function medianInterval(values) {
  const sorted = [...values].sort((one, other) => one - other);
  const { length } = sorted;
  // The largest rank below which the median lies with at most 2.5 %.
  let rank = 0;
  let cumulated = binomial(length, 0);
  while (cumulated <= 0.025) {
    rank += 1;
    cumulated += binomial(length, rank);
  }
  const low = Math.max(rank - 1, 0);
  const middle = (sorted[Math.floor((length - 1) / 2)] + sorted[Math.ceil((length - 1) / 2)]) / 2;
  return { median: middle, low: sorted[low], high: sorted[length - 1 - low] };
}

/** The probability that of n values k lie below the median. */
function binomial(n, k) {
  let coefficient = 1;
  for (let i = 1; i <= k; i += 1) coefficient = (coefficient * (n - k + i)) / i;
  return coefficient / 2 ** n;
}
