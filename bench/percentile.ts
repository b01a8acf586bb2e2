/** The value below which the share `at` of the values lies, 0 to 1: the nearest rank. */
export function percentile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * at) - 1)] ?? Number.NaN;
}
