// Tomtom: matches, alignments, p- and q-values.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { compare, consensus, MotifComparer, readMotifFile, reverseComplementMotif } from "@bindscape/motifs";

function rowsOf(file) {
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length === 10)
    .map(([query, target, offset, p, e, q, overlap, queryConsensus, targetConsensus, orientation]) => ({
      query,
      target,
      offset: Number(offset),
      p: Number(p),
      e: Number(e),
      q: Number(q),
      overlap: Number(overlap),
      queryConsensus,
      targetConsensus,
      orientation: orientation.trim(),
    }));
}

const percent = (share) => `${(100 * share).toPrecision(2)} %`;
const deviationOf = (values) => percent(Math.max(...values.map((value) => Math.abs(value - 1))));
/** Below this Tomtom writes 0: it keeps p-values in single precision. */
const SINGLE = 1e-45;

async function yeast(data) {
  const files = [
    "gold/meme_5.5.8_yeast/tomtom_20fungi_vs_JASPAR2022_ed_norc_0.1.tsv.gz",
    "gold/meme_5.5.8_yeast/JASPAR2022_fungi.meme",
    "motifs/JASPAR2022_CORE_non-redundant.meme",
  ].map(data);
  if (files.includes(null)) return [];
  const rows = rowsOf(files[0]);
  const queries = (await readMotifFile(files[1])).slice(0, 20);
  const targets = await readMotifFile(files[2]);
  const matches = compare(queries, targets, { bothStrands: false, threshold: 0.1 });
  const keyOf = (query, target) => `${query} ${target}`;
  const found = new Map(
    matches.map((match) => [keyOf(queries[match.query].id, targets[match.target].id), match]),
  );
  const pairs = rows
    .map((row) => ({ row, match: found.get(keyOf(row.query, row.target)) }))
    .filter(({ match }) => match);
  const file = "`meme_5.5.8_yeast/tomtom_20fungi_vs_JASPAR2022_ed_norc_0.1.tsv.gz`";
  const line = (what, equal, deviation) => ({
    file: `${file}: ${what}`,
    compared: pairs.length,
    equal,
    deviation,
  });
  const counted = pairs.filter(({ row }) => row.p > 0);
  const zeros = pairs.filter(({ row, match }) => row.p === 0 && match.pValue < SINGLE);
  const near = (get, share) =>
    counted.filter(({ row, match }) => Math.abs(get(match, row) - 1) < share).length + zeros.length;
  const surplus = matches.length - pairs.length;
  const share = (get) => deviationOf(counted.map(({ row, match }) => get(match, row)));
  const order = matches
    .map((match) => keyOf(queries[match.query].id, targets[match.target].id))
    .filter((key) => rows.some((row) => keyOf(row.query, row.target) === key));
  const byTarget = new Map(targets.map((motif) => [motif.id, motif]));
  const byQuery = new Map(queries.map((motif) => [motif.id, motif]));
  return [
    {
      file: `${file}: matches with q <= 0.1`,
      compared: rows.length,
      equal: pairs.length,
      deviation: `${rows.length - pairs.length} lacking, ${surplus} more (see above)`,
    },
    line("offset", pairs.filter(({ row, match }) => row.offset === match.offset).length, "0"),
    line("overlap", pairs.filter(({ row, match }) => row.overlap === match.overlap).length, "0"),
    line(
      "orientation",
      pairs.filter(({ row, match }) => (row.orientation === "-") === match.isReversed).length,
      "0",
    ),
    line(
      "p-value within 5 %",
      near((m, r) => m.pValue / r.p, 0.05),
      share((m, r) => m.pValue / r.p),
    ),
    line(
      "E-value within 5 %",
      near((m, r) => m.eValue / r.e, 0.05),
      share((m, r) => m.eValue / r.e),
    ),
    line(
      "q-value within 1 %",
      near((m, r) => m.qValue / r.q, 0.01),
      share((m, r) => m.qValue / r.q),
    ),
    line("order of lines", rows.filter((row, i) => order[i] === keyOf(row.query, row.target)).length, "0"),
    line(
      "consensus of query and target",
      rows.filter(
        (row) =>
          consensus(byQuery.get(row.query), 0) === row.queryConsensus &&
          consensus(byTarget.get(row.target), 0) === row.targetConsensus,
      ).length,
      "a base of two equally probable ones",
    ),
  ];
}

/** The motifs of Tomtom's own XML output: the query and the targets that matched, pseudocounts taken out again. */
function motifsOfXml(text, part) {
  const section = text.split(`<${part}>`)[1].split(`</${part}>`)[0];
  return [...section.matchAll(/<motif [^>]*?id="([^"]+)"[^>]*?nsites="([\d.]+)"[\s\S]*?<\/motif>/g)].map(
    ([block, id, sites]) => {
      const rows = [...block.matchAll(/<pos A="([^"]+)" C="([^"]+)" G="([^"]+)" T="([^"]+)"/g)];
      const n = Number(sites);
      const probabilities = Float64Array.from(
        rows.flatMap((row) =>
          row.slice(1).map((value) => Math.max(0, (Number(value) * (n + 0.1) - 0.025) / n)),
        ),
      );
      return { id, name: id, sites: n, length: rows.length, probabilities };
    },
  );
}

async function suite(data) {
  const [tsv, xml, databaseFile] = [
    "gold/meme_suite/tomtom/tomtom.tsv",
    "gold/meme_suite/tomtom/tomtom.xml",
    "motifs/JASPAR2022_CORE_non-redundant.meme",
  ].map(data);
  if (tsv === null || xml === null || databaseFile === null) return [];
  const rows = rowsOf(tsv);
  const text = readFileSync(xml, "utf8");
  const [query] = motifsOfXml(text, "queries");
  const matched = motifsOfXml(text, "targets");
  // Its database is not at hand. Chance matches come from JASPAR 2022 in place of JASPAR 2018; the matched targets are its own.
  const ids = new Set(matched.map(({ id }) => id));
  const others = (await readMotifFile(databaseFile)).filter(({ id }) => !ids.has(id));
  const targets = [...matched, ...others];
  const found = new MotifComparer(targets, { distance: "pearson", minimumOverlap: 5 }).align(query);
  const results = rows.map((row) => {
    const index = targets.findIndex(({ id }) => id === row.target);
    return {
      row,
      target: targets[index],
      offset: found.offsets[index],
      overlap: found.overlaps[index],
      isReversed: found.isReversed[index] === 1,
      p: found.pValues[index],
    };
  });
  const file = "`meme_suite/tomtom/tomtom.tsv`";
  const count = (test) => results.filter(test).length;
  const line = (what, equal, deviation = "0") => ({
    file: `${file}: ${what}`,
    compared: rows.length,
    equal,
    deviation,
  });
  const ratios = results.slice(1).map(({ row, p }) => p / row.p);
  return [
    line(
      "offset",
      count(({ row, offset }) => row.offset === offset),
    ),
    line(
      "overlap",
      count(({ row, overlap }) => row.overlap === overlap),
    ),
    line(
      "orientation",
      count(({ row, isReversed }) => (row.orientation === "-") === isReversed),
    ),
    line(
      "consensus",
      count(
        ({ row, target, isReversed }) =>
          consensus(isReversed ? reverseComplementMotif(target) : target, 0) === row.targetConsensus,
      ),
    ),
    {
      file: `${file}: p-value (another database: for orientation only)`,
      compared: ratios.length,
      equal: `${ratios.filter((ratio) => Math.abs(ratio - 1) < 0.2).length} within 20 %`,
      deviation: deviationOf(ratios),
    },
  ];
}

export async function section(data) {
  return {
    title: "Comparison: Tomtom",
    about: [
      "Twenty fungal motifs against JASPAR 2022 CORE (1,956), all inputs at hand, and the MEME suite's example, of whose database",
      "(JASPAR 2018) only the 28 targets that matched are at hand: offset, overlap and orientation are compared, with chance matches",
      "from JASPAR 2022. Where p-values are 0 in the reference (three perfect matches of 21 columns, single precision) ours are",
      "below 1e-77 and count as equal. Tomtom draws its share of true nulls by a random bootstrap; ours is the expectation over all",
      "bootstrap samples, so q-values differ by up to a hundredth, and a match at the very threshold may be in or out.",
    ].join("\n"),
    rows: [...(await yeast(data)), ...(await suite(data))],
  };
}
