/**
 * A probability as submissions to ENCODE-DREAM, and FactorNet's predictions, have it: C's `%.3e`, with at least two
 * digits in the exponent.
 */
export function formatDreamProbability(probability: number): string {
  return probability.toExponential(3).replace(/([+-])(\d)$/, "$10$2");
}
