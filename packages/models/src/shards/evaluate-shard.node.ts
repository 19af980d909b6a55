import type { NpyArray } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { scoreOtherMethods } from "../evaluate/evaluate-factor.node.js";
import { evaluateMethod } from "../evaluate/metrics.js";
import { joinColumns } from "../evaluate/score-bins.node.js";
import { selectBins } from "../evaluate/select-bins.js";
import { type EvaluateOptions, planEvaluation } from "../jobs/evaluate-bundles.node.js";
import type { MethodEvaluation } from "../report/report-data.js";
import type { EvaluationContent } from "./manifest.js";
import { rowsOfShard, type Shard } from "./shard.js";
import { readShardArrays, type StoredShard } from "./shard-files.node.js";

type FactorContent = EvaluationContent["factors"][number];

/**
 * Scores a shard's part of the labelled bins of every factor. Kept are the probabilities of every network, since
 * ranks are taken over all bins, the scores of the baselines, and the labels.
 */
export async function evaluateShard(
  options: EvaluateOptions,
  shard: Shard,
): Promise<{ content: EvaluationContent; arrays: Map<string, NpyArray> }> {
  const { study } = options;
  const { factors, splits, split, label, scoresOf } = planEvaluation(options);
  const arrays = new Map<string, NpyArray>();
  const contents: FactorContent[] = [];
  for (const [index, { factor, experiment }] of factors.entries()) {
    const selected = selectBins(study, experiment, splits, split);
    const rows = rowsOfShard(shard, selected.bins.length);
    const bins = selected.bins.subarray(rows.from, rows.to);
    const columns = await scoresOf(factor, selected.bins, rows);
    const others = await scoreOtherMethods(study, experiment, splits, bins);
    arrays.set(`${index}.labels`, {
      shape: [bins.length],
      data: selected.labels.slice(rows.from, rows.to),
    });
    arrays.set(`${index}.segments`, {
      shape: [bins.length],
      data: bins.map((bin) => study.bins.partOf(bin).segmentIndex),
    });
    columns.forEach((data, network) => {
      arrays.set(`${index}.network.${network}`, { shape: [bins.length], data });
    });
    others.forEach(({ scores }, method) => {
      arrays.set(`${index}.method.${method}`, { shape: [bins.length], data: scores });
    });
    contents.push({
      factor,
      cell: experiment.cell,
      bins: { ...rows, total: selected.bins.length },
      ambiguous: selected.ambiguous,
      chromosomes: selected.chromosomes.map(({ name, from, to }) => ({ name, from, to })),
      networks: columns.length,
      methods: others.map(({ method, label }) => ({ method, label })),
    });
  }
  const { join = "rank", split: splitName = "test" } = options;
  return {
    content: { command: "evaluate", split: splitName, join, modelLabel: label, factors: contents },
    arrays,
  };
}

/** The evaluation of a factor, put together from shards. */
export interface MergedEvaluation {
  readonly factor: string;
  readonly methods: readonly MethodEvaluation[];
  /** Scores of every method, in the order of `methods`. */
  readonly methodScores: readonly (Float32Array | Float64Array)[];
  readonly labels: Uint8Array;
  /** The sequence segment every bin lies in. */
  readonly segments: Uint32Array;
}

/** Measures what shards scored, as one run over all bins does. */
export async function mergeEvaluations(
  shards: readonly StoredShard[],
): Promise<{ split: string; evaluations: MergedEvaluation[] }> {
  const { split, join, modelLabel, factors } = evaluationContent(shards[0]);
  const gathered = factors.map(({ bins, networks, methods }) => ({
    labels: new Uint8Array(bins.total),
    segments: new Uint32Array(bins.total),
    columns: Array.from({ length: networks }, () => new Float32Array(bins.total)),
    others: methods.map(() => new Float64Array(bins.total)),
  }));
  for (const shard of shards) {
    const content = evaluationContent(shard);
    const lengths = Object.fromEntries(
      content.factors.flatMap(({ bins, networks, methods }, index) =>
        [
          "labels",
          "segments",
          ...Array.from({ length: networks }, (_, network) => `network.${network}`),
          ...methods.map((_, method) => `method.${method}`),
        ].map((name) => [`${index}.${name}`, bins.to - bins.from]),
      ),
    );
    const arrays = await readShardArrays(shard, lengths);
    content.factors.forEach(({ bins }, index) => {
      const { labels, segments, columns, others } = gathered[index];
      const take = (name: string) => arrays.get(`${index}.${name}`)!.data as ArrayLike<number>;
      labels.set(take("labels"), bins.from);
      segments.set(take("segments"), bins.from);
      columns.forEach((column, network) => {
        column.set(take(`network.${network}`), bins.from);
      });
      others.forEach((scores, method) => {
        scores.set(take(`method.${method}`), bins.from);
      });
    });
  }
  const evaluations = factors.map(({ factor, chromosomes, methods }, index) => {
    const { labels, segments, columns, others } = gathered[index];
    const { scores } = joinColumns(columns, join);
    const selected = { bins: new Uint32Array(0), labels, chromosomes };
    return {
      factor,
      labels,
      segments,
      methods: [
        evaluateMethod("model", modelLabel, scores, selected),
        ...methods.map(({ method, label }, m) => evaluateMethod(method, label, others[m], selected)),
      ],
      methodScores: [scores, ...others],
    };
  });
  return { split, evaluations };
}

function evaluationContent({ source, manifest: { content, shard } }: StoredShard): EvaluationContent {
  if (content.command !== "evaluate") throw new TypeError(`${source} is no shard of an evaluation`);
  for (const { factor, bins } of content.factors) {
    const { from, to } = rowsOfShard(shard, bins.total);
    if (bins.from === from && bins.to === to) continue;
    throw new BindscapeError({
      source,
      found: `the bins ${bins.from} to ${bins.to} of ${bins.total} of ${factor}`,
      expected: `the bins ${from} to ${to}`,
      next: "It was edited: delete it and run the shard again",
    });
  }
  return content;
}
