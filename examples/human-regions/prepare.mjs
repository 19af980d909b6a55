// Writes the studies of this example into `data` beside this file, from the folder human_hg38_regions of the shared
// data (BINDSCAPE_DATA, or ../shared/data beside the repository): peaks a factor and cell as narrowPeak, the splits
// and the unlabelled stretches as BED, and one study file.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));

/** Factors measured in HepG2 and in at least one more cell of the set. */
export const FACTORS = ["CTCF", "FOXA1", "FOXA2", "HNF4A", "CEBPB", "MAX", "MAFK"];
/** Cells with peaks and a DNase track; GM12865 stands in for GM12878, both lymphoblastoid lines. */
const CELLS = {
  HepG2: "dnase_HepG2_ENCFF136DBS.bw",
  GM12878: "dnase_GM12865_ENCFF427FEF.bw",
};
/** ENCODE-DREAM withheld these: what lies there has no label, which is not the same as unbound. */
const WITHHELD = ["chr1", "chr8", "chr21"];

/** The folder of the published files, or null. */
export function findSource() {
  const shared = process.env.BINDSCAPE_DATA ?? resolve(here, "../../../shared/data");
  const folder = join(shared, "human_hg38_regions");
  return existsSync(join(folder, "sequences.fa.gz")) ? folder : null;
}

/** Writes everything and returns the study file's path. */
export function prepare(source, target = join(here, "data")) {
  mkdirSync(target, { recursive: true });
  const readBed = (name) =>
    readFileSync(join(source, name), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
  const write = (name, rows) =>
    writeFileSync(join(target, name), rows.map((row) => `${row.join("\t")}\n`).join(""));

  const regions = readBed("regions131k.bed");
  for (const split of ["valid", "test"]) {
    write(
      `${split}.bed`,
      regions.filter(([, , , name]) => name === split).map((row) => row.slice(0, 3)),
    );
  }
  // DNase is defined on the middle 65,536 bp of each region only; the flanks and the withheld chromosomes are unlabelled.
  const unlabelled = [];
  for (const [chromosome, start, end] of readBed("regions65k_with_dnase.bed")) {
    const whole = regions.find(
      ([c, s, e]) => c === chromosome && Number(s) <= Number(start) && Number(end) <= Number(e),
    );
    if (WITHHELD.includes(chromosome)) unlabelled.push([chromosome, whole[1], whole[2]]);
    else unlabelled.push([chromosome, whole[1], start], [chromosome, end, whole[2]]);
  }
  write("unlabelled.bed", unlabelled);

  const peaks = gunzipSync(readFileSync(join(source, "tf_peaks_lifted_hg38.tsv.gz")))
    .toString()
    .trim()
    .split("\n");
  const header = peaks.shift().split("\t");
  const column = (name) => header.indexOf(name);
  const rows = peaks.map((line) => line.split("\t"));
  const experiments = [];
  for (const cell of Object.keys(CELLS)) {
    for (const factor of FACTORS) {
      const own = rows.filter((row) => row[column("cell")] === cell && row[column("tf")] === factor);
      const of = (kind) =>
        own
          .filter((row) => row[column("kind")] === kind)
          .sort((a, b) => Number(b[column("signal")]) - Number(a[column("signal")]))
          .map((row) => [
            row[column("chrom")],
            row[column("start")],
            row[column("end")],
            `${factor}_${cell}`,
            0,
            ".",
            row[column("signal")],
            row[column("p")],
            row[column("q")],
            Number(row[column("summit")]) - Number(row[column("start")]),
          ]);
      if (of("conservative").length === 0) continue;
      write(`${factor}_${cell}.narrowPeak`, of("conservative"));
      write(`${factor}_${cell}.relaxed.narrowPeak`, of("relaxed"));
      experiments.push({ factor, cell });
    }
  }
  const cells = Object.entries(CELLS).filter(([cell]) =>
    experiments.some((experiment) => experiment.cell === cell),
  );
  const motifs = resolve(source, "../motifs/JASPAR2022_CORE_non-redundant.meme");
  const study = `# 65 windows of 131,072 bp of hg38 with DNase-seq on their middle halves; ENCODE-DREAM peaks lifted from hg19.
name: human-regions
assembly:
  name: hg38
  genome: ${JSON.stringify(join(source, "sequences.fa.gz"))}
  pieces: true
motifs: ${JSON.stringify(motifs)}
cells:
${cells
  .map(
    ([cell, file]) => `  ${cell}:
    tracks:
      - { name: DNase, file: ${JSON.stringify(join(source, file))}, unit: "reads, 32-bp means", transform: { log: true } }`,
  )
  .join("\n")}
experiments:
${experiments
  .map(
    ({ factor, cell }) =>
      `  - { factor: ${factor}, cell: ${cell}, peaks: ${factor}_${cell}.narrowPeak, relaxedPeaks: ${factor}_${cell}.relaxed.narrowPeak }`,
  )
  .join("\n")}
unlabelled: { regions: unlabelled.bed }
holdOut:
  validation: { regions: valid.bed }
  test: { regions: test.bed }
`;
  const path = join(target, "study.yaml");
  writeFileSync(path, study);
  return path;
}
