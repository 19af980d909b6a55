// CentriMo: where best sites lie; SEA: p-values of its counts.
import { readFileSync } from "node:fs";
import { MemorySource, readFasta } from "@bindscape/genome";
import { readMotifFile, testCentralEnrichment } from "@bindscape/motifs";
import { logFisherEnrichment } from "@bindscape/numerics";

const percent = (share) => `${(100 * share).toFixed(2)} %`;

function rowsOf(file) {
  const [header, ...lines] = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const columns = header.split("\t");
  return lines.map((line) =>
    Object.fromEntries(line.split("\t").map((value, i) => [columns[i], value.trim()])),
  );
}

function siteCountsOf(file) {
  const counts = new Map();
  let current = [];
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const motif = /^DB \d+ MOTIF\s+(\S+)/.exec(line)?.[1];
    if (motif !== undefined) {
      current = [];
      counts.set(motif, current);
    } else if (line.trim() !== "") current.push(Number(line.trim().split(/\s+/)[1]));
  }
  return counts;
}

async function compareCentriMo(data) {
  const motifs = await readMotifFile(data("gold/meme_suite/datasets/some_vertebrates.meme"));
  const fasta = data("gold/meme_suite/datasets/mm9_tss_500bp_sampled_1000.fna");
  const sequences = await readFasta(new MemorySource(readFileSync(fasta), fasta));
  const results = testCentralEnrichment(motifs, sequences, { isLocal: true });
  const counts = siteCountsOf(data("gold/meme_suite/centrimo/site_counts.txt"));
  let places = 0;
  let equalPlaces = 0;
  let largestCount = 0;
  for (const [i, { id }] of motifs.entries()) {
    for (const [place, count] of results[i].positions.counts.entries()) {
      const difference = Math.abs(count - counts.get(id)[place]);
      places++;
      // Counts are printed with six digits.
      if (difference < 1e-4) equalPlaces++;
      largestCount = Math.max(largestCount, difference);
    }
  }
  const rows = rowsOf(data("gold/meme_suite/centrimo/centrimo.tsv"));
  let equalRegions = 0;
  const largest = { p: 0, adjusted: 0, e: 0 };
  for (const row of rows) {
    const { region } = results[motifs.findIndex(({ id }) => id === row.motif_id)];
    const ours = [region.centre, region.width, region.places, region.sitesInside, region.sites];
    const theirs = ["bin_location", "bin_width", "total_width", "sites_in_bin", "total_sites"].map((name) =>
      Number(row[name]),
    );
    if (ours.every((value, i) => value === theirs[i])) equalRegions++;
    largest.p = Math.max(largest.p, Math.abs(Math.exp(region.logPValue) / Number(row["p-value"]) - 1));
    largest.adjusted = Math.max(
      largest.adjusted,
      Math.abs(region.logAdjustedPValue - Number(row["log_adj_p-value"])),
    );
    largest.e = Math.max(largest.e, Math.abs(region.eValue / Number(row["E-value"]) - 1));
  }
  const table = "gold/meme_suite/centrimo/centrimo.tsv (CentriMo 5.4.0, --local)";
  return [
    {
      file: "gold/meme_suite/centrimo/site_counts.txt: best sites at each place, five motifs",
      compared: places,
      equal: equalPlaces,
      deviation: `${largestCount.toFixed(6)} sites`,
    },
    {
      file: `${table}: centre, width, places, sites inside and in all`,
      compared: rows.length,
      equal: equalRegions,
      deviation: rows.length === equalRegions ? "none" : "see the test",
    },
    {
      file: `${table}: p-value (two digits)`,
      compared: rows.length,
      equal: "printed digits",
      deviation: percent(largest.p),
    },
    {
      file: `${table}: ln of the adjusted p-value`,
      compared: rows.length,
      equal: "printed digits",
      deviation: largest.adjusted.toFixed(4),
    },
    {
      file: `${table}: E-value (two digits)`,
      compared: rows.length,
      equal: "printed digits",
      deviation: percent(largest.e),
    },
  ];
}

function compareSea(data) {
  const rows = rowsOf(data("gold/meme_suite/sea/sea.tsv"));
  let largest = 0;
  let largestRatio = 0;
  for (const row of rows) {
    const [hits, controlHits] = [Number(row.TP), Number(row.FP)];
    const total = Math.round((100 * hits) / Number(row["TP%"]) / 10) * 10;
    const p = Math.exp(logFisherEnrichment(hits, total, controlHits, total));
    largest = Math.max(largest, Math.abs(p / Number(row.PVALUE) - 1));
    largestRatio = Math.max(largestRatio, Math.abs((hits + 1) / (controlHits + 1) - Number(row.ENR_RATIO)));
  }
  const file = "gold/meme_suite/sea/sea.tsv (SEA 5.4.0)";
  return [
    {
      file: `${file}: p-value for its counts`,
      compared: rows.length,
      equal: "printed digits",
      deviation: percent(largest),
    },
    {
      file: `${file}: enrichment ratio for its counts`,
      compared: rows.length,
      equal: "printed digits",
      deviation: largestRatio.toFixed(4),
    },
  ];
}

export async function section(data) {
  return {
    title: "Enrich: CentriMo and SEA",
    about:
      "CentriMo counts the best site of each sequence (5 bits or more, background of the sequences) and looks for the " +
      "stretch of places that holds most of them; here it is compared place by place. SEA's motifs and sequences are not " +
      "at hand, so that its p-values and ratios are compared for the counts it gives.",
    rows: [...(await compareCentriMo(data)), ...compareSea(data)],
  };
}
