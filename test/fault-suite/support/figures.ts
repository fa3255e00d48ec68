/** Prints what a row measured, beside the baseline of the same run. */
export function row(name: string, figures: Readonly<Record<string, number | string>>): void {
  const texts = Object.entries(figures).map(([key, value]) => `${key} ${shown(value)}`);
  console.log(`row: ${name} | ${texts.join(' | ')}`);
}

function shown(value: number | string): string {
  return typeof value === 'string' ? value : String(Math.round(value * 100) / 100);
}

/** The value below which this share of the values lies; NaN, which passes no bound, when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** How many of each. */
export function tally(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts.size === 0 ? 'none' : [...counts].map(([value, count]) => `${count} ${value}`).join(', ');
}

/** The line of least squares through points: how fast y rises, and how far that may be off (standard error). */
export function slope(points: readonly (readonly [x: number, y: number])[]): {
  readonly perX: number;
  readonly error: number;
} {
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perX = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - perX * (x - meanX)) ** 2, 0);
  return { perX, error: Math.sqrt(residual / (points.length - 2) / spread) };
}
