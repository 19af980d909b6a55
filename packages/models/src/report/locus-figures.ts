import { drawLocusChart, type LocusTrack } from "../charts/locus-chart.js";
import { formatFixed, isDrawable } from "../charts/number-format.js";
import { element } from "../charts/svg.js";
import { emptyState, explain, figure } from "./html.js";
import type { FactorReport, LocusView } from "./report-data.js";

/** Loci with their tracks, each in a broad and a narrow layout that the style sheet chooses from. */
export function renderLocusFigures(factor: FactorReport, id: string, open: boolean): string {
  if (factor.loci.length === 0) return emptyState("Loci", "No locus was chosen.");
  const figures = factor.loci.map((locus, index) => {
    if (!(isDrawable(locus.start) && isDrawable(locus.end) && locus.end > locus.start)) {
      return emptyState(locus.title, "This locus has no extent.");
    }
    const broad = renderLocus(locus, `${id}-locus-${index}`, 1060, "broad");
    const narrow = renderLocus(locus, `${id}-locus-${index}-narrow`, 380, "narrow");
    return figure(broad + narrow, { heading: locus.title, className: "locus" });
  });
  return (
    figures.join("") +
    explain(
      "All rows share the genomic axis at the bottom. Signal rows show what was measured, prediction rows the model's probability for the 200-bp bin centred there. Called peaks are grey bands through all rows: a good prediction is high inside the bands and low elsewhere, also where the signal alone is high. Where there are more values than pixels, the largest in each column is drawn.",
      open,
    )
  );
}

function renderLocus(locus: LocusView, id: string, width: number, className: string): string {
  let signals = 0;
  const tracks = locus.tracks.map((track): LocusTrack => {
    const isPrediction = track.kind === "prediction";
    // Signals of one locus differ by label; the model keeps its blue.
    const colour = isPrediction ? "blue" : (["green", "orange", "purple"] as const)[signals++ % 3];
    return {
      label: track.label,
      unit: track.unit,
      colour,
      values: track.values,
      domain: isPrediction ? [0, 1] : undefined,
    };
  });
  const svg = drawLocusChart({
    id,
    title: locus.title,
    description: `${locus.chromosome} from ${formatFixed(locus.start, 0)} to ${formatFixed(locus.end, 0)} (0-based, half-open): ${tracks
      .map((track) => track.label)
      .join(", ")}; ${locus.peaks.length} peaks, ${locus.sites.length} motif sites.`,
    chromosome: locus.chromosome,
    start: locus.start,
    end: locus.end,
    tracks,
    peaks: locus.peaks.filter(isPlaced),
    sites: locus.sites.filter(isPlaced),
    width,
  });
  return element("div", { class: className }, svg);
}

function isPlaced(interval: { readonly start: number; readonly end: number }): boolean {
  return isDrawable(interval.start) && isDrawable(interval.end);
}
