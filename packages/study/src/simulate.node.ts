import { open } from "node:fs/promises";
import { join } from "node:path";
import {
  type BigWigRun,
  type ByteSink,
  formatBedRecord,
  formatChromosomeSizes,
  writeBigWigFile,
  writeFasta,
  writeFileAtomically,
} from "@bindscape/genome";
import { writeMeme } from "@bindscape/motifs";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { type SimulatedStudy, type SimulateOptions, simulateStudy } from "./simulate.js";

/** What was written, all in one folder. */
export interface WrittenStudy {
  readonly folder: string;
  /** The study file's path. */
  readonly studyFile: string;
  /** Names of all files, in the order they were written; the study file is the last. */
  readonly files: readonly string[];
  readonly study: SimulatedStudy;
}

const STUDY_FILE = "study.yaml";
const FIRST_LINE = "# Simulated study";

/**
 * Simulates a study and writes its files into a folder, which is made where missing: `genome.fa`,
 * `genome.chrom.sizes`, `accessibility.bw` (cuts at each base, absent where none), `FACTOR.bed` (1-bp summits,
 * strongest first), `motifs.meme`, `blacklist.bed`, `truth.tsv` (every planted site and what became of it) and
 * `study.yaml`. Same options, same bytes.
 * @throws BindscapeError for options out of range, and where the folder holds a study of another kind
 */
export async function writeSimulatedStudy(
  folder: string,
  options: SimulateOptions & { readonly onProgress?: ProgressListener } = {},
): Promise<WrittenStudy> {
  await refuseOtherStudy(join(folder, STUDY_FILE));
  const study = simulateStudy(options);
  const sizes = study.chromosomes.map(({ name, codes }) => ({ name, size: codes.length }));
  const contents: [name: string, write: (path: string) => Promise<void>][] = [
    ["genome.fa", text((sink) => writeFasta(sink, study.chromosomes))],
    ["genome.chrom.sizes", text(formatChromosomeSizes(sizes))],
    ["accessibility.bw", (path) => writeBigWigFile(path, sizes, cutRuns(study))],
    ...study.factors.map(({ name, peaks }): [string, (path: string) => Promise<void>] => [
      `${name}.bed`,
      text(lines(peaks.map((peak, i) => formatPeak(name, peak, i, peaks.length)))),
    ]),
    ["motifs.meme", text(writeMeme(study.motifs))],
    ["blacklist.bed", text(lines(study.blacklist.map((interval) => formatBedRecord(interval))))],
    ["truth.tsv", text(formatTruth(study))],
    [STUDY_FILE, text(formatStudyFile(study))],
  ];
  for (const [i, [name, write]] of contents.entries()) {
    await write(join(folder, name));
    options.onProgress?.({ task: "simulating a study", done: i + 1, total: contents.length, unit: "files" });
  }
  return { folder, studyFile: join(folder, STUDY_FILE), files: contents.map(([name]) => name), study };
}

function text(content: string | ((sink: ByteSink) => Promise<void>)): (path: string) => Promise<void> {
  return (path) => writeFileAtomically(path, content);
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join("");
}

/** Somebody's own study is not overwritten; one that was simulated is. */
async function refuseOtherStudy(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return;
  const start = Buffer.alloc(FIRST_LINE.length);
  await handle.read(start, 0, start.length, 0).finally(() => handle.close());
  if (start.toString("utf8") === FIRST_LINE) return;
  throw new BindscapeError({
    source: path,
    found: "there is a study already, and it was not simulated",
    expected: "a folder without one",
    next: "Choose another folder",
  });
}

/** Runs of bases with equal counts; bases without a cut are left out. */
function* cutRuns(study: SimulatedStudy): Generator<BigWigRun> {
  for (const [index, { name }] of study.chromosomes.entries()) {
    const cuts = study.cuts[index];
    const starts: number[] = [];
    const ends: number[] = [];
    const values: number[] = [];
    for (let i = 0; i < cuts.length; ) {
      let end = i + 1;
      while (end < cuts.length && cuts[end] === cuts[i]) end++;
      if (cuts[i] > 0) {
        starts.push(i);
        ends.push(end);
        values.push(cuts[i]);
      }
      i = end;
    }
    yield { chromosome: name, starts, ends, values };
  }
}

function formatPeak(
  factor: string,
  { chromosome, start, end }: { chromosome: string; start: number; end: number },
  rank: number,
  count: number,
): string {
  const score = Math.round(1000 * (1 - rank / count));
  return formatBedRecord({ chromosome, start, end, name: `${factor}_${rank + 1}`, score, strand: "." });
}

function formatTruth({ sites }: SimulatedStudy): string {
  const header = "chromosome\tstart\tend\tmotif\tstrand\tclass\tscore_bits\topenness";
  return lines([
    header,
    ...sites.map((site) =>
      [
        site.chromosome,
        site.start,
        site.end,
        site.motif,
        site.strand,
        site.class,
        site.scoreBits.toFixed(3),
        site.openness.toFixed(3),
      ].join("\t"),
    ),
  ]);
}

function formatStudyFile({ seed, factors, blacklist, validation, test }: SimulatedStudy): string {
  return `${FIRST_LINE} (seed ${JSON.stringify(seed)}): sequence, signal and binding are invented; truth.tsv tells them apart.
name: simulated
assembly:
  name: simulated
  genome: genome.fa
${blacklist.length > 0 ? "blacklist: blacklist.bed\n" : ""}motifs: motifs.meme
cells:
  SimCell:
    tracks:
      - name: accessibility
        file: accessibility.bw
        unit: cut sites
        transform: { cap: 50, log: true }
experiments:
${factors.map(({ name }) => `  - { factor: ${name}, cell: SimCell, peaks: ${name}.bed, summitFlank: 100 }`).join("\n")}
holdOut:
  validation: { chromosomes: [${validation.join(", ")}] }
  test: { chromosomes: [${test.join(", ")}] }
`;
}
