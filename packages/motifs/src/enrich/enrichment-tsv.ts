import type { Motif } from "../motif.js";
import { formatGeneral } from "../scan/format-number.js";
import type { MotifEnrichment } from "./enrich.js";

const COLUMNS = [
  ...["rank", "motif_id", "motif_alt_id", "width"],
  ...[
    "hits",
    "total",
    "control_hits",
    "control_total",
    "ratio",
    "score_threshold",
    "p_value",
    "e_value",
    "q_value",
  ],
  ...["flank_ratio", "flank_z_score", "flank_p_value", "poor_centrality"],
  ...["random_ratio", "random_z_score", "random_p_value", "poor_enrichment"],
  ...["central_offset", "central_width", "central_sites", "sites", "central_p_value", "central_e_value"],
];

/**
 * The results of an enrichment as a table. Shares of sequences with a site are `flank_ratio` and `random_ratio` in the
 * controls; what was not tested is empty. p-values below the smallest double keep their size ("1e-400").
 */
export function formatEnrichment(results: readonly MotifEnrichment[], motifs: readonly Motif[]): string {
  const lines = results.map((result, rank) => {
    const { id, name, length } = motifs[result.motif];
    const { flanks, random, central } = result;
    const region = central.region;
    const occurrence = (test: typeof flanks, flag: boolean | null) =>
      test === null
        ? ["", "", "", ""]
        : [
            number(test.controlHits / test.controlTotal),
            number(test.zScore),
            number(test.pValue),
            flag === null ? "" : flag ? "yes" : "no",
          ];
    return [
      ...[`${rank + 1}`, clean(id), name === id ? "" : clean(name), `${length}`],
      ...[result.hits, result.total, result.controlHits, result.controlTotal].map(String),
      ...[number(result.ratio), number(result.leastScore)],
      ...[formatLogarithm(result.logPValue), number(result.eValue), number(result.qValue)],
      ...occurrence(flanks, result.hasPoorCentrality),
      ...occurrence(random, result.hasPoorEnrichment),
      ...(region === null
        ? ["", "", "", `${central.positions.sites}`, "", ""]
        : [
            `${region.centre}`,
            `${region.width}`,
            `${region.sitesInside}`,
            `${region.sites}`,
            formatLogarithm(region.logAdjustedPValue),
            number(region.eValue),
          ]),
    ].join("\t");
  });
  return `${[COLUMNS.join("\t"), ...lines].join("\n")}\n`;
}

/** e to a power, with four significant digits, also where that is no double. */
export function formatLogarithm(logarithm: number): string {
  const value = Math.exp(logarithm);
  if (value > 1e-300 || logarithm === Number.NEGATIVE_INFINITY) return number(value);
  const decimal = logarithm / Math.LN10;
  const exponent = Math.floor(decimal);
  return `${(10 ** (decimal - exponent)).toFixed(2)}e${exponent}`;
}

function number(value: number): string {
  return formatGeneral(value, 4);
}

function clean(text: string): string {
  return text.replace(/[\t\r\n]/g, " ");
}
