import { availableParallelism } from "node:os";
import { compare, pairSimilaritiesInThreads, readMotifFile } from "@bindscape/motifs";
import { type Figure, findData, makeFigure, runPeer } from "./figure.js";

/** Queries of the reference run, and its seconds: Tomtom 5.5.8, one thread of a 2-core machine. */
const QUERIES = 20;
const TOMTOM_SECONDS = 9.1;
const REPEATS = 15;

/**
 * Comparing motifs with JASPAR CORE by Euclidean distance: 20 queries against Tomtom's recorded time, and beside
 * memelite in the same run, processor time of one thread each, the least of 15 repeats once warm; all against all in
 * threads, elapsed.
 */
export async function run(): Promise<Figure[]> {
  const queryFile = findData("gold/meme_5.5.8_yeast/JASPAR2022_fungi.meme");
  const targetFile = findData("motifs/JASPAR2022_CORE_non-redundant.meme");
  if (queryFile === null || targetFile === null) {
    console.error("motif-compare: the shared data are not there (set BINDSCAPE_DATA): nothing measured");
    return [];
  }
  const queries = (await readMotifFile(queryFile)).slice(0, QUERIES);
  const targets = await readMotifFile(targetFile);
  const peer = runPeer("motif_compare.py", [queryFile, targetFile, `${QUERIES}`, `${REPEATS}`]);
  const peerOf = (key: string, name: string) => (peer === null ? null : { name, value: peer[key] * 1000 });
  const figures: Figure[] = [];
  const title = `motif-compare/${QUERIES} queries, ${targets.length} targets, ed`;
  for (const [name, bothStrands, key] of [
    ["one orientation", false, "forward"],
    ["both orientations", true, "both"],
  ] as const) {
    const ours = leastMilliseconds(() => compare(queries, targets, { bothStrands, threshold: 0.1 }));
    figures.push(
      makeFigure(`${title}, ${name}`, ours, "ms", "less", peerOf(key, "memelite")),
      makeFigure(`${title}, ${name}`, ours, "ms", "less", peerOf(`${key}Exact`, "memelite, exact columns")),
    );
    if (!bothStrands) {
      const reference = { name: "Tomtom 5.5.8, recorded", value: TOMTOM_SECONDS * 1000 };
      figures.push(makeFigure(`${title}, ${name}`, ours, "ms", "less", reference));
    }
  }
  const threads = availableParallelism();
  const started = performance.now();
  await pairSimilaritiesInThreads(targets, { threads });
  const seconds = (performance.now() - started) / 1000;
  figures.push(
    makeFigure(
      `motif-compare/all of ${targets.length} against all, both orientations, ${threads} threads`,
      seconds,
      "s",
      "less",
      { name: "goal", value: 10 },
    ),
  );
  return figures;
}

/** Processor time, the least of the repeats after five calls that warm up. */
function leastMilliseconds(work: () => unknown): number {
  for (let i = 0; i < 5; i++) work();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
