import type { OccurrenceTest } from "../enrich/occurrence-ratio.js";
import type { Motif } from "../motif.js";
import { formatGeneral } from "../scan/format-number.js";
import type { PipelineMotif, PipelineResult } from "./run-pipeline.js";

/**
 * The result as Factorbook's motifs.json: an object whose `motifs` have name, pwm, e_value, sites, original_peaks,
 * original_peaks_occurrences (peaks with a site), lesser_peaks_occurrences_ratio, flank_control_data and
 * shuffled_control_data (the random genomic sequences) with occurrences_ratio, z_score and p_value, and
 * peak_centrality: the share of sites at each offset from the summit, in bp.
 */
export function formatMotifsJson(result: PipelineResult): string {
  const motifs = result.motifs.map((one) => ({
    name: one.motif.name,
    pwm: rowsOf(one.motif),
    e_value: one.motif.eValue ?? null,
    sites: one.motif.sites ?? null,
    original_peaks: result.peaks,
    original_peaks_occurrences: one.peaksWithSites,
    lesser_peaks_occurrences_ratio: one.flanks.hits / one.flanks.total,
    flank_control_data: controlData(one.flanks),
    shuffled_control_data: controlData(one.random),
    peak_centrality: sharesByOffset(one),
  }));
  return `${JSON.stringify({ motifs }, null, 2)}\n`;
}

function rowsOf({ probabilities, length }: Motif): Record<"A" | "C" | "G" | "T", number>[] {
  return Array.from({ length }, (_, position) => {
    const [A, C, G, T] = probabilities.subarray(4 * position, 4 * position + 4);
    return { A, C, G, T };
  });
}

function controlData({ controlHits, controlTotal, zScore, pValue }: OccurrenceTest): Record<string, number> {
  return { occurrences_ratio: controlHits / controlTotal, z_score: zScore, p_value: pValue };
}

/** Keys that are whole numbers come in no order of their own in JSON objects: readers sort them. */
function sharesByOffset({ centrality: { counts, range, sites } }: PipelineMotif): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const [index, count] of counts.entries()) if (count > 0) shares[index - range] = count / sites;
  return shares;
}

/** All sites in all peaks as Factorbook's occurrences.tsv: starts are 0-based, ends exclusive. */
export function formatOccurrences({ occurrences, motifs }: PipelineResult): string {
  const lines = ["#motif_id\tchromosome\tstart\tend\tstrand\tq_value"];
  for (const { motif, chromosome, start, end, strand, qValue } of occurrences) {
    const { name } = motifs[motif].motif;
    lines.push(`${name}\t${chromosome}\t${start}\t${end}\t${strand}\t${formatGeneral(qValue, 6)}`);
  }
  return `${lines.join("\n")}\n`;
}
