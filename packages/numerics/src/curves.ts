import { BindscapeError } from "./error.js";
import { forEachThreshold } from "./ranking-metrics.js";

/** Points of a receiver operating characteristic, from the strictest threshold to the most lenient. */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly recall: Float64Array;
  readonly threshold: Float64Array;
}

/** Points of a precision-recall curve, from the strictest threshold to the most lenient. */
export interface PrecisionRecallCurve {
  readonly precision: Float64Array;
  readonly recall: Float64Array;
  readonly threshold: Float64Array;
}

/**
 * One point for each distinct score, an item being called when its score is at least the threshold, after a
 * first point (0, 0) at threshold Infinity where nothing is called. A rate over an absent class is NaN.
 */
export function rocCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): RocCurve {
  const { truePositives, falsePositives, threshold } = countCalls(scores, labels);
  return {
    falsePositiveRate: divideByLast(falsePositives),
    recall: divideByLast(truePositives),
    threshold,
  };
}

/** As {@link rocCurve}; the first point, where nothing is called, has precision 1 by convention. */
export function precisionRecallCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): PrecisionRecallCurve {
  const { truePositives, falsePositives, threshold } = countCalls(scores, labels);
  const precision = truePositives.map((count, i) => (i === 0 ? 1 : count / (count + falsePositives[i])));
  return { precision, recall: divideByLast(truePositives), threshold };
}

/**
 * Thins a curve to at most `maxPoints` points for drawing. Every array of the curve keeps the same points; the
 * first and the last stay. Points are spread evenly along the curve's length (the sum of the absolute steps of
 * every array but `threshold`), so steep and flat stretches are drawn equally well.
 *
 * @param maxPoints whole, at least 2
 */
export function summariseCurve<Curve extends { readonly [name in keyof Curve]: Float64Array }>(
  curve: Curve,
  maxPoints: number,
): Curve {
  if (!(Number.isInteger(maxPoints) && maxPoints >= 2)) {
    throw new BindscapeError({
      source: "summariseCurve",
      found: `maxPoints ${maxPoints}`,
      expected: "a whole number from 2",
    });
  }
  const entries = Object.entries(curve) as [string, Float64Array][];
  const count = entries[0]?.[1].length ?? 0;
  if (count <= maxPoints) return curve;
  const axes = entries.filter(([name]) => name !== "threshold").map(([, values]) => values);
  const lengthTo = new Float64Array(count);
  for (let i = 1; i < count; i++) {
    let step = 0;
    for (const axis of axes) {
      const difference = Math.abs(axis[i] - axis[i - 1]);
      if (difference > 0) step += difference; // an axis of NaN has no length
    }
    lengthTo[i] = lengthTo[i - 1] + step;
  }
  const kept = [0];
  for (let i = 1; i < count - 1 && kept.length < maxPoints - 1; i++) {
    if (lengthTo[i] * (maxPoints - 1) >= lengthTo[count - 1] * kept.length) kept.push(i);
  }
  kept.push(count - 1);
  return Object.fromEntries(
    entries.map(([name, values]) => [name, Float64Array.from(kept, (index) => values[index])]),
  ) as Curve;
}

function countCalls(scores: ArrayLike<number>, labels: ArrayLike<number>) {
  const truePositives = [0];
  const falsePositives = [0];
  const threshold = [Number.POSITIVE_INFINITY];
  forEachThreshold(scores, labels, (score, positives, negatives) => {
    truePositives.push(truePositives[truePositives.length - 1] + positives);
    falsePositives.push(falsePositives[falsePositives.length - 1] + negatives);
    threshold.push(score);
  });
  return {
    truePositives: Float64Array.from(truePositives),
    falsePositives: Float64Array.from(falsePositives),
    threshold: Float64Array.from(threshold),
  };
}

function divideByLast(counts: Float64Array): Float64Array {
  const total = counts[counts.length - 1];
  return counts.map((count) => count / total);
}
