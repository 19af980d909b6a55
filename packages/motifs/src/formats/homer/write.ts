import { iupacOf } from "../../iupac.js";
import { logOddsMatrix, type Motif } from "../../motif.js";
import { formatPositionRows } from "../position-rows/write.js";
import { HOMER_FIELDS } from "./read.js";

/**
 * The share of the highest score, above the expected score of background sequence (0), that a site must reach where the motif
 * does not say: 0.7, which lies between thresholds that HOMER finds by enrichment.
 */
const DEFAULT_SHARE = 0.7;

/**
 * HOMER motif files. A motif that does not come from one gets a detection threshold of 0.7 of its highest score (natural log-odds
 * against equal bases, with a pseudocount of 0.001) and a log p-value of 0.
 */
export function writeHomer(motifs: readonly Motif[]): string {
  return motifs
    .map((motif) => {
      const { annotations = {} } = motif;
      const [threshold, logP] = HOMER_FIELDS;
      const fields =
        threshold in annotations
          ? Object.entries(annotations)
              .filter(([key]) => key !== "consensus" && (isHomerField(key) || /^field \d+$/.test(key)))
              .map(([, value]) => value)
          : [formatThreshold(motif), annotations[logP] ?? "0"];
      const header = [annotations["consensus"] ?? consensusOf(motif), motif.id, ...fields].join("\t");
      return `>${header}\n${formatPositionRows(motif.probabilities)}`;
    })
    .join("");
}

function isHomerField(key: string): boolean {
  return (HOMER_FIELDS as readonly string[]).includes(key);
}

function formatThreshold(motif: Motif): string {
  const scores = logOddsMatrix(motif);
  let highest = 0;
  for (let at = 0; at < scores.length; at += 4) highest += Math.max(...scores.subarray(at, at + 4));
  return (DEFAULT_SHARE * highest * Math.LN2).toFixed(6);
}

function consensusOf(motif: Motif): string {
  return Array.from({ length: motif.length }, (_, position) =>
    iupacOf(motif.probabilities.subarray(position * 4, position * 4 + 4)),
  ).join("");
}
