import { type BigWigRun, type NpyArray, writeBigWigFile, writeFileAtomically } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { BinTable, Study } from "@bindscape/study";
import type { Network } from "../network/describe-network.js";
import { type PredictInPartsOptions, predictInParts } from "../predict/predict-in-parts.node.js";
import { formatBinScore } from "../predict/write-predictions.node.js";
import type { PredictionContent } from "./manifest.js";
import { rowsOfShard, type Shard } from "./shard.js";
import { readShardArrays, type StoredShard } from "./shard-files.node.js";

/**
 * Predicts the bins of a shard, with the numbers that predicting all bins of the chromosomes gives them.
 * @param chromosomes names of the study
 */
export async function predictShard(
  network: Network,
  study: Study,
  cell: string,
  task: number,
  chromosomes: readonly string[],
  shard: Shard,
  options: PredictInPartsOptions = {},
): Promise<{ content: PredictionContent; arrays: Map<string, NpyArray> }> {
  const onThem = study.bins.parts.filter(({ segment }) => chromosomes.includes(segment.chromosome));
  const total = onThem.reduce((sum, { count }) => sum + count, 0);
  const rows = rowsOfShard(shard, total);
  const { tasks } = network.file;
  const scores = new Float32Array(rows.to - rows.from);
  const pieces: PredictionContent["pieces"] = [];
  let row = 0;
  for await (const part of predictInParts(network, study, cell, chromosomes, { ...options, rows })) {
    for (let i = 0; i < part.bins.length; i++) scores[row++] = part.scores[i * tasks.length + task];
    pieces.push(...cutPieces(study.bins, part.bins));
  }
  return {
    content: {
      command: "predict",
      factor: tasks[task].factor,
      cell,
      grid: { size: study.bins.grid.size, step: study.bins.grid.step },
      chromosomes: study.assembly.chromosomes.map(({ name, size }) => ({ name, size })),
      bins: { ...rows, total },
      pieces,
    },
    arrays: new Map([["scores", { shape: [scores.length], data: scores }]]),
  };
}

/** Bin numbers, ascending, as runs of neighbours. */
function cutPieces(table: BinTable, bins: Uint32Array): PredictionContent["pieces"] {
  const pieces: PredictionContent["pieces"] = [];
  for (let i = 0; i < bins.length; ) {
    const part = table.partOf(bins[i]);
    const end = part.firstIndex + part.count;
    let next = i + 1;
    while (next < bins.length && bins[next] === bins[next - 1] + 1 && bins[next] < end) next++;
    const start = table.startOf(bins[i]);
    pieces.push({ chromosome: part.segment.chromosome, start, count: next - i });
    i = next;
  }
  return pieces;
}

/**
 * Puts the shards of a prediction together, one at a time in memory.
 * @param output .bw or .bigWig, or .bed
 */
export async function mergePredictions(
  output: string,
  shards: readonly StoredShard[],
): Promise<{ factor: string; cell: string; bins: number }> {
  const contents = shards.map(predictionContent);
  const [{ chromosomes, bins, factor, cell }] = contents;
  if (/\.bed$/i.test(output)) {
    await writeFileAtomically(output, async (sink) => {
      for (const shard of shards) for await (const lines of bedLines(shard)) await sink.write(lines);
    });
  } else {
    await writeBigWigFile(output, chromosomes, bigWigRuns(shards));
  }
  return { factor, cell, bins: bins.total };
}

function predictionContent({ source, manifest: { content, shard } }: StoredShard): PredictionContent {
  if (content.command !== "predict") throw new TypeError(`${source} is no shard of a prediction`);
  const { from, to } = rowsOfShard(shard, content.bins.total);
  const inPieces = content.pieces.reduce((sum, { count }) => sum + count, 0);
  if (content.bins.from === from && content.bins.to === to && inPieces === to - from) return content;
  throw new BindscapeError({
    source,
    found: `the bins ${content.bins.from} to ${content.bins.to} of ${content.bins.total}, ${inPieces} in pieces`,
    expected: `the bins ${from} to ${to}`,
    next: "It was edited: delete it and run the shard again",
  });
}

async function readScores(shard: StoredShard): Promise<ArrayLike<number>> {
  const { bins } = predictionContent(shard);
  const arrays = await readShardArrays(shard, { scores: bins.to - bins.from });
  return arrays.get("scores")!.data as Float32Array;
}

/** The same intervals as `predictionRuns` makes of the whole. */
async function* bigWigRuns(shards: readonly StoredShard[]): AsyncGenerator<BigWigRun> {
  for (const shard of shards) {
    const { grid, pieces } = predictionContent(shard);
    const scores = await readScores(shard);
    const width = Math.min(grid.size, grid.step);
    const offset = Math.floor((grid.size - width) / 2);
    let row = 0;
    for (const { chromosome, start, count } of pieces) {
      const starts = Float64Array.from({ length: count }, (_, i) => start + i * grid.step + offset);
      const values = Float32Array.from({ length: count }, (_, i) => scores[row + i]);
      yield { chromosome, starts, ends: starts.map((at) => at + width), values };
      row += count;
    }
  }
}

async function* bedLines(shard: StoredShard): AsyncGenerator<string> {
  const { grid, pieces, factor } = predictionContent(shard);
  const scores = await readScores(shard);
  let row = 0;
  let text = "";
  for (const { chromosome, start, count } of pieces) {
    for (let i = 0; i < count; i++) {
      text += formatBinScore(chromosome, start + i * grid.step, grid.size, factor, scores[row++]);
      if (text.length < 1 << 20) continue;
      yield text;
      text = "";
    }
  }
  yield text;
}
