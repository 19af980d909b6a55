import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { encodeSequence } from "@bindscape/genome";
import { nodeRuntime } from "@bindscape/gradient";
import {
  type AttributionFile,
  explainByDeepLift,
  explainNetwork,
  findSeqletMotifs,
  fitPatterns,
  hypotheticalScores,
  saveAttributionFile,
  scorePositions,
  windowsOfRecords,
} from "@bindscape/interpret";
import { importKeras } from "@bindscape/models";
import { type Figure, findData, makeFigure, runPeer } from "./figure.js";

const REPEATS = 3;

/**
 * Motifs from DeepLIFT attributions of the TAL1/GATA1 model, 800 x 200 bp, beside tfmodisco-lite on the same arrays in the
 * same run: processor time (the least of the repeats once warm), number of motifs, and how alike the peer's first two are
 * to ours (cosine of mean contributions at the best offset and strand).
 */
export async function run(): Promise<Figure[]> {
  const simulation = findData("gold/interpretation/sequences.simdata.gz");
  if (simulation === null) {
    console.error("seqlets: the shared data are not there (set BINDSCAPE_DATA): nothing measured");
    return [];
  }
  const file = await explainTestSequences(dirname(simulation));
  const folder = await mkdtemp(join(tmpdir(), "bindscape-bench-"));
  try {
    const path = join(folder, "attributions.npz");
    await saveAttributionFile(path, file);
    const sequences = { ...file, scores: scorePositions(file), hypothetical: hypotheticalScores(file) };
    findSeqletMotifs(sequences);
    let seconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < REPEATS; i++) {
      const before = process.cpuUsage();
      findSeqletMotifs(sequences);
      const { user, system } = process.cpuUsage(before);
      seconds = Math.min(seconds, (user + system) / 1e6);
    }
    const { patterns } = findSeqletMotifs(sequences);
    const peer = runPeer("seqlets.py", [path, `${REPEATS - 1}`]) as unknown as PeerMotifs | null;
    const peerOf = (value: number | undefined) =>
      peer === null || value === undefined ? null : { name: "tfmodisco-lite", value };
    const members = patterns.reduce((sum, { pattern }) => sum + pattern.members.length, 0);
    return [
      makeFigure("seqlets/processor time, 800 x 200 bp", seconds, "s", "less", peerOf(peer?.seconds)),
      makeFigure("seqlets/motifs", patterns.length, "motifs", "more", peerOf(peer?.motifs.length)),
      makeFigure("seqlets/seqlets in motifs", members, "seqlets", "more", peerOf(peer?.seqlets)),
      ...(peer?.motifs.slice(0, 2) ?? []).map((contributions, i) => {
        const cosines = patterns.map(
          ({ pattern }) =>
            fitPatterns(pattern, { contributions: Float64Array.from(contributions.flat()) }).cosine,
        );
        return makeFigure(
          `seqlets/our motif most like the peer's ${i + 1}`,
          Math.max(...cosines),
          "cosine",
          "more",
        );
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface PeerMotifs {
  readonly seconds: number;
  readonly seqlets: number;
  /** Mean contributions, rows of A, C, G, T. */
  readonly motifs: readonly (readonly (readonly number[])[])[];
}

async function explainTestSequences(folder: string): Promise<AttributionFile> {
  const unpack = (name: string) =>
    gunzipSync(readFileSync(join(folder, name)))
      .toString()
      .trimEnd()
      .split("\n");
  const test = new Set(unpack("test.txt.gz"));
  const records = unpack("sequences.simdata.gz")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter(([name]) => test.has(name))
    .map(([name, sequence]) => ({ name, description: "", codes: encodeSequence(sequence) }));
  const { network } = await importKeras(folder);
  const model = explainNetwork(network);
  const windows = windowsOfRecords(model, records, "sequences");
  const found = await explainByDeepLift(model, windows, { runtime: nodeRuntime(), threads: 1 });
  return {
    source: "bench",
    method: found.method,
    of: found.of,
    count: found.count,
    length: found.length,
    attributions: found.values,
    hypothetical: found.hypothetical,
    predictions: found.predictions,
    codes: windows.codes,
    target: 0,
    tasks: [],
  };
}
