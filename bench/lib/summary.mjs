/** What is kept of the milliseconds that each request of a run took. */
export function summary(latencies, elapsedMs) {
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { count: sorted.length, seconds: elapsedMs / 1_000, p50: quantile(0.5), p99: quantile(0.99) };
}

/** The middle one. */
export function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
