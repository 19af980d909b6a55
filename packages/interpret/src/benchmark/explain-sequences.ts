import type { Runtime } from "@bindscape/gradient";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type EmbeddedMotif, encodeSequences, type SequenceSet } from "@bindscape/study";
import type { Attribute } from "../attributions.js";
import { type SubstitutionRule, scoreBases } from "../base-scores.js";
import type { ExplainedModel } from "../explained-model.js";
import {
  type InterpreterMetricOptions,
  interpreterRoc,
  type MotifPlace,
  measureInterpreter,
} from "../interpreter-metrics.js";
import { type BenchmarkExample, type MethodResult, readCurve } from "./results.js";

/** A method as the benchmark runs it. */
export interface BenchmarkVerb {
  readonly key: string;
  readonly explain: Attribute;
  /** Only so many sequences, for the time they take: its scores are another method's. */
  readonly timedOnly?: number;
}

export interface ExplainSequencesOptions {
  readonly runtime: Runtime;
  readonly model: ExplainedModel;
  readonly set: SequenceSet;
  readonly motifs: readonly EmbeddedMotif[];
  /** Rows of the set to explain: positives. */
  readonly rows: readonly number[];
  readonly verbs: readonly BenchmarkVerb[];
  readonly metrics?: InterpreterMetricOptions;
  readonly substitutions?: SubstitutionRule;
  /** A clock in seconds: processor time where there is one. */
  readonly clock: () => number;
  readonly threads?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

/** What the methods of a benchmark gave on one network. */
export interface ExplainedSequences {
  readonly methods: readonly MethodResult[];
  readonly example: BenchmarkExample;
  /** TAL1 motifs in the sequences explained. */
  readonly embedded: number;
}

/**
 * Explains sequences by one method after another and measures each. Motifs are those that set positives apart (TAL1); the
 * core that every sequence has (GATA1) is left out of every metric.
 * @throws BindscapeError where no row has a motif to find
 */
export async function explainSequences(options: ExplainSequencesOptions): Promise<ExplainedSequences> {
  const { model, set, motifs, rows, verbs, metrics, clock, onProgress, signal } = options;
  const indexOf = new Map(rows.map((row, index) => [row, index]));
  const placesOf = (name: string): MotifPlace[] =>
    motifs.flatMap(({ sequence, motif, start, end }) => {
      const index = indexOf.get(sequence);
      return index === undefined || motif !== name ? [] : [{ sequence: index, start, end }];
    });
  const embedded = placesOf("TAL1");
  if (embedded.length === 0) {
    throw new BindscapeError({
      source: set.source,
      found: `${rows.length} sequences without a TAL1 motif`,
      expected: "positives with motifs to find",
    });
  }
  const ignored = placesOf("GATA1");
  const scoresOf: Record<string, number[]> = {};
  const methods: MethodResult[] = [];
  const exampleIndex = chooseExample(rows.length, embedded);
  for (const [done, { key, explain, timedOnly }] of verbs.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ task: `explaining by ${key}`, done, total: verbs.length, unit: "methods" });
    const count = Math.min(rows.length, timedOnly ?? rows.length);
    const windows = encodeSequences(set, rows.slice(0, count), model.unknownBase);
    const started = clock();
    const found = await explain(model, { count, windows }, options);
    const secondsPerSequence = (clock() - started) / count;
    const result = { method: key, secondsPerSequence, timedSequences: count, warnings: found.warnings ?? [] };
    if (timedOnly !== undefined) {
      methods.push({ ...result, recall: [] });
      continue;
    }
    const scores = scoreBases(found, options.substitutions);
    const scored = { count, length: set.length, scores, motifs: embedded, ignored };
    methods.push({
      ...result,
      metrics: measureInterpreter(scored, metrics),
      recall: readCurve(interpreterRoc(scored, metrics)).map((value) => Number(value.toFixed(5))),
    });
    scoresOf[key] = Array.from(
      scores.subarray(exampleIndex * set.length, (exampleIndex + 1) * set.length),
      (value) => Number(value.toPrecision(4)),
    );
  }
  onProgress?.({ task: "explaining", done: verbs.length, total: verbs.length, unit: "methods" });
  return { methods, embedded: embedded.length, example: makeExample(options, exampleIndex, scoresOf) };
}

/** The first sequence with two motifs, as the paper's figure has, or with the most. */
function chooseExample(count: number, embedded: readonly MotifPlace[]): number {
  const counts = new Uint32Array(count);
  for (const { sequence } of embedded) counts[sequence]++;
  const withTwo = counts.indexOf(2);
  return withTwo >= 0 ? withTwo : counts.indexOf(Math.max(...counts));
}

function makeExample(
  { set, motifs, rows }: ExplainSequencesOptions,
  index: number,
  scores: Record<string, number[]>,
): BenchmarkExample {
  const row = rows[index];
  const codes = set.codes.subarray(row * set.length, (row + 1) * set.length);
  return {
    name: set.names?.[row] ?? `sequence ${row + 1}`,
    sequence: Array.from(codes, (code) => "ACGTN"[code]).join(""),
    motifs: motifs
      .filter(({ sequence }) => sequence === row)
      .map(({ motif, start, end }) => ({ motif, start, end })),
    scores,
  };
}
