import { type DreamLabelRecord, openFile, readDreamLabels, readDreamSubmission } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { MethodEvaluation } from "../report/report-data.js";
import { evaluateMethod } from "./metrics.js";

/** Bin length and distance of bin starts in the ENCODE-DREAM challenge, in bp. */
const SIZE = 200;
const STEP = 50;
/** No chromosome of its genome, hg19, ends behind this. */
const LONGEST_CHROMOSOME = 249_250_621;
/** Stands in for a probability that was compared with its label. */
const SCORED = -1;

export interface SubmissionScore {
  readonly evaluation: MethodEvaluation;
  readonly bound: number;
  readonly unbound: number;
  /** Bins that are neither bound nor unbound, and are left out as in the challenge. */
  readonly ambiguous: number;
  /** Bound and unbound bins that the submission does not have. */
  readonly missing: number;
}

/**
 * Scores a submission to the ENCODE-DREAM challenge against a label file, whatever the order of either.
 * @param cell column of the label file
 * @throws BindscapeError for bins that are no bins of the challenge, are there twice, and files without common bins
 */
export async function scoreSubmission(
  submission: string,
  labelFile: string,
  cell: string,
): Promise<SubmissionScore> {
  const { probabilities, count } = await readProbabilities(submission);
  const source = await openFile(labelFile);
  const scores = new Float32Array(count);
  const labels = new Uint8Array(count);
  const chromosomes: { name: string; from: number; to: number }[] = [];
  let used = 0;
  let ambiguous = 0;
  let missing = 0;
  const score = ({ chromosome, start, labels: given, line }: DreamLabelRecord) => {
    const values = probabilities.get(chromosome);
    const probability = start % STEP === 0 ? values?.[start / STEP] : undefined;
    if (given[0] === "A") ambiguous++;
    else if (probability === undefined || Number.isNaN(probability)) missing++;
    else {
      if (probability === SCORED) throw twice(labelFile, line, chromosome, start);
      values![start / STEP] = SCORED;
      const last = chromosomes.at(-1);
      if (last?.name === chromosome) last.to = used + 1;
      else if (chromosomes.some(({ name }) => name === chromosome)) {
        throw new BindscapeError({
          source: labelFile,
          line,
          found: `bins of ${chromosome} apart from those before`,
          expected: "the bins of a chromosome behind one another",
        });
      } else chromosomes.push({ name: chromosome, from: used, to: used + 1 });
      scores[used] = probability;
      labels[used++] = given[0] === "B" ? 1 : 0;
    }
  };
  try {
    for await (const records of readDreamLabels(source, [cell])) for (const record of records) score(record);
  } finally {
    await source.close();
  }
  if (used === 0) {
    throw new BindscapeError({
      source: submission,
      found: `no bin with a label of ${cell} in ${labelFile}`,
      expected: "regions that the label file has",
      next: "The challenge has files for the ladder (L.) and the final round (F.) of their own",
    });
  }
  const pooled = { bins: new Uint32Array(0), labels: labels.subarray(0, used), chromosomes };
  const bound = pooled.labels.reduce((sum, label) => sum + label, 0);
  const evaluation = evaluateMethod("model", "submission", scores.subarray(0, used), pooled);
  return { evaluation, bound, unbound: used - bound, ambiguous, missing };
}

/** Probabilities of a submission by chromosome and number of the bin; NaN where it has none. */
async function readProbabilities(file: string) {
  const probabilities = new Map<string, Float32Array>();
  let count = 0;
  const source = await openFile(file);
  try {
    for await (const { chromosome, start, end, probability, line } of readDreamSubmission(source)) {
      if (start % STEP !== 0 || end - start !== SIZE || end > LONGEST_CHROMOSOME) {
        throw new BindscapeError({
          source: file,
          line,
          found: `the region ${chromosome}:${start}-${end}`,
          expected: `a bin of the challenge: ${SIZE} bp from a multiple of ${STEP}, in hg19`,
        });
      }
      const bin = start / STEP;
      let values = probabilities.get(chromosome);
      if (values === undefined || bin >= values.length) {
        const grown = new Float32Array(Math.max(1024, 2 * bin)).fill(Number.NaN);
        if (values) grown.set(values);
        probabilities.set(chromosome, grown);
        values = grown;
      }
      if (!Number.isNaN(values[bin])) throw twice(file, line, chromosome, start);
      values[bin] = probability;
      count++;
    }
  } finally {
    await source.close();
  }
  return { probabilities, count };
}

function twice(source: string, line: number, chromosome: string, start: number): BindscapeError {
  return new BindscapeError({
    source,
    line,
    found: `a second line for the bin ${chromosome}:${start}-${start + SIZE}`,
    expected: "every bin once",
  });
}
