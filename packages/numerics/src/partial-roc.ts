import { BindscapeError } from "./error.js";
import { forEachThreshold } from "./ranking-metrics.js";

/** The part of the area under the receiver operating characteristic where few negatives are called. */
export interface PartialRocArea {
  /** Area below the curve from false positive rate 0 to `maximumFalsePositiveRate`: 0 to that rate. */
  readonly area: number;
  /** `area` over the largest it can be: the mean recall in that range, 0 to 1; half the rate for random scores. */
  readonly normalised: number;
  /**
   * McClish's standardised area (Medical Decision Making 9, 1989): 0.5 for random scores, 1 for perfect ones. What
   * scikit-learn's `roc_auc_score(max_fpr=...)` gives.
   */
  readonly standardised: number;
}

/**
 * The partial area under the receiver operating characteristic. Points of equal scores are joined by a straight line,
 * which the limit may cut.
 *
 * @param scores higher means more likely positive; no NaN
 * @param labels 0 or 1, as many as scores
 * @param maximumFalsePositiveRate above 0, at most 1
 * @returns NaN three times when one of the two classes is absent
 */
export function partialAreaUnderRoc(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  maximumFalsePositiveRate = 0.1,
): PartialRocArea {
  const limit = maximumFalsePositiveRate;
  if (!(limit > 0 && limit <= 1)) {
    throw new BindscapeError({
      source: "partialAreaUnderRoc",
      found: `a largest false positive rate of ${limit}`,
      expected: "a number above 0, at most 1",
    });
  }
  let negatives = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === 0) negatives++;
  const allowed = limit * negatives;
  let truePositives = 0;
  let falsePositives = 0;
  let doubledArea = 0; // in units of one positive times one negative
  forEachThreshold(scores, labels, (_, groupPositives, groupNegatives) => {
    const room = allowed - falsePositives;
    if (room > 0 && groupNegatives > 0) {
      const width = Math.min(groupNegatives, room);
      const rise = groupPositives * (width / groupNegatives);
      doubledArea += width * (2 * truePositives + rise);
    }
    truePositives += groupPositives;
    falsePositives += groupNegatives;
  });
  if (truePositives === 0 || negatives === 0) {
    return { area: Number.NaN, normalised: Number.NaN, standardised: Number.NaN };
  }
  const area = doubledArea / (2 * truePositives * negatives);
  const chance = (limit * limit) / 2;
  return {
    area,
    normalised: area / limit,
    standardised: (1 + (area - chance) / (limit - chance)) / 2,
  };
}
