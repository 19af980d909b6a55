// FIMO: sites, scores, p-values and q-values.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { MemorySource, readFasta } from "@bindscape/genome";
import { readMotifFile, scan } from "@bindscape/motifs";

async function sequencesOf(file) {
  return readFasta(new MemorySource(readFileSync(file), file));
}

function tableOf(file) {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  const [header, ...lines] = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const columns = header.split("\t");
  return lines.map((line) => Object.fromEntries(line.split("\t").map((value, i) => [columns[i], value])));
}

function compare(reference, motifs, sequences, sites) {
  const wanted = new Map(
    reference.map((row) => [
      [row.motif_id, row.sequence_name, row.start, row.stop, row.strand].join(" "),
      row,
    ]),
  );
  const largest = { score: 0, p: 0, q: 0 };
  let found = 0;
  let lettersEqual = 0;
  for (const site of sites) {
    const start = site.place === null ? site.start + 1 : site.place.start + site.start;
    const name = site.place === null ? sequences[site.sequence].name : site.place.chromosome;
    const key = [motifs[site.motif].id, name, start, start + site.end - site.start - 1, site.strand].join(
      " ",
    );
    const row = wanted.get(key);
    if (row === undefined) continue;
    found++;
    if (row.matched_sequence === site.matched) lettersEqual++;
    largest.score = Math.max(largest.score, Math.abs(site.score - Number(row.score)));
    largest.p = Math.max(largest.p, Math.abs(site.pValue / Number(row["p-value"]) - 1));
    if (row["q-value"]) largest.q = Math.max(largest.q, Math.abs(site.qValue / Number(row["q-value"]) - 1));
  }
  return { found, lettersEqual, largest };
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;

/** FIMO's share of true nulls for each motif, out of its q-values: they are it times Benjamini and Hochberg's. */
function referenceShares(reference, motifs, statistics) {
  return motifs.map(({ id }, motif) => {
    const rows = reference.filter((row) => row.motif_id === id);
    const ratios = [];
    let least = Number.POSITIVE_INFINITY;
    for (let rank = rows.length; rank > 0; rank--) {
      least = Math.min(least, (Number(rows[rank - 1]["p-value"]) * statistics[motif].tested) / rank);
      if (Number(rows[rank - 1]["q-value"]) < 1) ratios.push(Number(rows[rank - 1]["q-value"]) / least);
    }
    ratios.sort((a, b) => a - b);
    return { share: ratios[ratios.length >> 1] ?? 1, low: ratios[0] ?? 1, high: ratios.at(-1) ?? 1 };
  });
}

export async function section(data) {
  const rows = [];
  {
    const folder = "gold/meme_5.5.8_yeast";
    const motifs = await readMotifFile(data(`${folder}/JASPAR2022_fungi.meme`));
    const sequences = await sequencesOf(data("yeast/sacCer3_nuclear.fa.gz"));
    const chrI = sequences.filter(({ name }) => name === "chrI");
    const reference = tableOf(data(`${folder}/fimo_179_chrI_1e-4_text.tsv.gz`));
    const { sites } = scan(motifs, chrI, { computeQValues: false });
    const { found, lettersEqual, largest } = compare(reference, motifs, chrI, sites);
    const file = `${folder}/fimo_179_chrI_1e-4_text.tsv.gz (FIMO 5.5.8)`;
    rows.push(
      {
        file: `${file}: sites, by motif, sequence, start, stop, strand and letters`,
        compared: reference.length,
        equal: Math.min(found, lettersEqual),
        deviation: `${sites.length - found} more, ${reference.length - found} missing`,
      },
      {
        file: `${file}: score`,
        compared: found,
        equal: "printed digits",
        deviation: `${largest.score.toExponential(1)} bits`,
      },
      { file: `${file}: p-value`, compared: found, equal: "printed digits", deviation: percent(largest.p) },
    );
    const all = scan(motifs, sequences, { computeQValues: false });
    rows.push({
      file: `${folder}/README.md: sites in all 16 chromosomes`,
      compared: "339,461",
      equal: all.sites.length,
      deviation: `${all.sites.length - 339461} more`,
    });
  }
  {
    const motifs = await readMotifFile(data("gold/meme_suite/datasets/some_vertebrates.meme"));
    const sequences = await sequencesOf(data("gold/meme_suite/datasets/mm9_tss_500bp_sampled_1000.fna"));
    const reference = tableOf(data("gold/meme_suite/fimo/fimo.tsv"));
    const { sites, statistics } = scan(motifs, sequences);
    const { found, lettersEqual, largest } = compare(reference, motifs, sequences, sites);
    const file = "gold/meme_suite/fimo/fimo.tsv (FIMO 5.4.0)";
    rows.push(
      {
        file: `${file}: sites, by motif, genomic start, stop, strand and letters`,
        compared: reference.length,
        equal: Math.min(found, lettersEqual),
        deviation: `${sites.length - found} more, ${reference.length - found} missing`,
      },
      {
        file: `${file}: score`,
        compared: found,
        equal: "printed digits",
        deviation: `${largest.score.toExponential(1)} bits`,
      },
      { file: `${file}: p-value`, compared: found, equal: "printed digits", deviation: percent(largest.p) },
      { file: `${file}: q-value`, compared: found, equal: "see above", deviation: percent(largest.q) },
    );
    for (const [i, { share, low, high }] of referenceShares(reference, motifs, statistics).entries()) {
      const ours = statistics[i].nullShare;
      rows.push({
        file: `${file}: share of true nulls of ${motifs[i].id}, out of its q-values`,
        compared: `${share.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`,
        equal: ours.toFixed(3),
        deviation: percent(Math.abs(ours / share - 1)),
      });
    }
  }
  return {
    title: "Scan: FIMO",
    about:
      "Both strands, p < 0.0001, FIMO's default background. Scores and p-values are compared with the numbers as printed " +
      "(six and three digits), so that deviations up to 0.5 % of a p-value are rounding. FIMO multiplies its q-values by " +
      "Storey's share of true nulls, which it estimates from a random sample of some thousand p-values with a random " +
      "bootstrap: its own standard error is about 1 %. Bindscape's is estimated from all p-values (from 131,072 places " +
      "of longer sequence), so q-values differ by the ratio of the two shares and by nothing else.",
    rows,
  };
}
