/**
 * The largest difference between the cumulative distributions of two samples, 0 to 1: the two-sample
 * Kolmogorov-Smirnov statistic. NaN where a sample is empty or holds NaN.
 */
export function distributionGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const sortedA = Float64Array.from(a).sort();
  const sortedB = Float64Array.from(b).sort();
  if (sortedA.length === 0 || sortedB.length === 0) return Number.NaN;
  if (Number.isNaN(sortedA[sortedA.length - 1]) || Number.isNaN(sortedB[sortedB.length - 1])) {
    return Number.NaN;
  }
  let i = 0;
  let j = 0;
  let gap = 0;
  while (i < sortedA.length && j < sortedB.length) {
    const value = Math.min(sortedA[i], sortedB[j]);
    while (sortedA[i] <= value) i++;
    while (sortedB[j] <= value) j++;
    gap = Math.max(gap, Math.abs(i / sortedA.length - j / sortedB.length));
  }
  return gap;
}
