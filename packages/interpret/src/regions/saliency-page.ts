import { intersectIntervals } from "@bindscape/genome";
import {
  drawLocusChart,
  element,
  escapeText,
  explain,
  figure,
  findModel,
  findSites,
  formatCount,
  formatFixed,
  formatSignificant,
  type LocusTrack,
  type Network,
  renderPage,
  type SeriesColour,
} from "@bindscape/models";
import type { Saliency } from "./region-saliency.node.js";
import { drawSaliencyChart } from "./saliency-chart.js";
import type { WriteSaliencyOptions } from "./write-saliency.node.js";

/** Shares of A, C, G, T. */
type Background = readonly [number, number, number, number];

/** Regions drawn; all are in the other files. */
const mostRegions = 30;
/** Bases a row of letters, and rows of a region at most. */
const columns = 125;
const mostRows = 8;

const signalColours: readonly SeriesColour[] = ["green", "orange", "purple"];

/**
 * The page of `bindscape interpret saliency`: each region as a whole, then as letters.
 * @param background shares of A, C, G, T in the genome, for motif sites; none are drawn where null
 */
export function renderSaliencyPage(
  found: readonly Saliency[],
  options: WriteSaliencyOptions,
  background: Background | null,
): string {
  const { factor, cell, network, positiveOnly } = options;
  const shown = found.slice(0, mostRegions);
  return renderPage({
    title: `Saliency of ${factor} in ${cell}`,
    summary: `Which bases the prediction of ${findModel(network.file.model).title} hangs on: the gradient of the probability with respect to the sequence, through both strands, at the base that is there.${
      positiveOnly ? " Negative gradients count as 0." : ""
    }${shown.length < found.length ? ` The first ${shown.length} of ${formatCount(found.length)} regions are drawn; all are in saliency.npz and saliency.bw.` : ""}`,
    notice: describeFeatures(network),
    main: [
      ...shown.map((saliency, index) => renderRegion(saliency, index, options, background)),
      explain(
        "The first picture of a region shows it as a whole, with called peaks as grey bands and motif sites as triangles where the study has them. Below it each base is a letter, as high as the gradient of the predicted probability at that base: the prediction rises where letters above the line are kept and falls where they are changed; letters below the line stand upside down and hold the prediction back. Runs of high letters are what the model takes for binding sites. Gradients say what a small change would do, so that they fade where the probability is near 0 or 1.",
        false,
      ),
    ].join("\n"),
    footer:
      "Made by Bindscape. Coordinates are 0-based and half-open. A green, C blue, G orange, T red. A region longer than a window is tiled by bins, and a base has the mean over the windows that hold it.",
  });
}

/** What gradients leave out, where a model sees the sequence by another way too. */
function describeFeatures({ file: { plan } }: Network): string | null {
  const motifs = plan.features.filter(({ kind }) => kind === "motif").map(({ name }) => name);
  if (motifs.length === 0) return null;
  return `This model is also told the best score of ${motifs.length === 1 ? "a known motif" : "known motifs"} in the bin (${motifs.join(", ")}), and gradients do not pass through that. The letters show what the network makes of the sequence besides, which at a site of such a motif may be less than nothing.`;
}

function renderRegion(
  saliency: Saliency,
  index: number,
  options: WriteSaliencyOptions,
  background: Background | null,
): string {
  const { region, probability, windows } = saliency;
  const { chromosome, start, end } = region;
  const name = `${chromosome}:${start}-${end}`;
  const values = Array.from(saliency.gradientTimesInput, (value) =>
    options.positiveOnly ? Math.max(0, value) : value,
  );
  const heights = new Float64Array(values.length * 4);
  values.forEach((value, i) => {
    if (saliency.codes[i] < 4) heights[i * 4 + saliency.codes[i]] = value;
  });
  const signals = saliency.tracks.map(
    (track, t): LocusTrack => ({
      label: track.name,
      unit: track.unit,
      colour: signalColours[t % signalColours.length],
      values: Array.from(track.signal),
    }),
  );
  const rows = chooseRows(values);
  const isWhole = rows.length * columns >= values.length;
  const largest = values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]) ? i : best), 0);
  const facts = `${windows === 1 ? "One window centred on the region" : `${windows} windows, bins end to end`}; ${
    windows === 1 ? "predicted probability" : "largest predicted probability"
  } ${formatFixed(probability, 3)}.${isWhole ? "" : ` The ${rows.length} stretches of ${columns} bp with the most saliency are shown as letters.`}`;
  const overview = (width: number, className: string, id: string) =>
    element(
      "div",
      { class: className },
      drawLocusChart({
        id,
        title: `Saliency of ${name}`,
        description: `Signal and saliency along ${name}; the largest gradient is ${formatSignificant(values[largest])} at ${formatFixed(start + largest, 0)}.`,
        chromosome,
        start,
        end,
        tracks: [...signals, inRoundUnits(values)],
        ...annotate(options, saliency, background),
        width,
      }),
    );
  return [
    `<section><h2>${escapeText(name)}</h2><p class="above">${escapeText(facts)}</p>`,
    figure(
      overview(1060, "broad", `saliency-${index}`) + overview(380, "narrow", `saliency-${index}-narrow`),
      { className: "locus" },
    ),
    figure(
      `<div class="scroll">${drawSaliencyChart({
        id: `letters-${index}`,
        title: `Letters of ${name}`,
        description: `Letters as high as gradient times input in ${rows.length} rows of up to ${columns} bp.`,
        chromosome,
        start,
        heights,
        tracks: signals,
        columns: Math.min(columns, Math.max(40, values.length)),
        rows,
      })}</div>`,
      { className: "locus unscaled" },
    ),
    "</section>",
  ].join("");
}

/** Saliency as a track, in a power of a thousand that keeps the numbers on its axis short. */
function inRoundUnits(values: readonly number[]): LocusTrack {
  const largest = values.reduce((best, value) => Math.max(best, Math.abs(value)), 0);
  const power = largest > 0 ? Math.floor(Math.log10(largest) / 3) * 3 : 0;
  const superscript = String(power).replace(/./g, (digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)]);
  return {
    label: "Saliency",
    unit: power === 0 ? "" : `10${superscript}`,
    colour: "blue",
    values: values.map((value) => value / 10 ** power),
  };
}

/** First bases of the rows of letters: all of a short region, else the stretches with the most saliency, in order. */
function chooseRows(values: readonly number[]): number[] {
  const count = Math.ceil(values.length / columns);
  const all = Array.from({ length: count }, (_, row) => row * columns);
  if (count <= mostRows) return all;
  const weight = (first: number) =>
    values.slice(first, first + columns).reduce((sum, value) => sum + Math.abs(value), 0);
  return all
    .map((first) => ({ first, weight: weight(first) }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, mostRows)
    .map(({ first }) => first)
    .sort((a, b) => a - b);
}

/** Peaks and motif sites of the factor in the cell, where the study has them. */
function annotate(
  { study, factor, cell }: WriteSaliencyOptions,
  { region, codes }: Saliency,
  background: Background | null,
) {
  const experiment = study.experiments.find((one) => one.factor === factor && one.cell === cell);
  if (!experiment) return { peaks: [], sites: [] };
  const within = (relaxed: boolean) =>
    intersectIntervals(relaxed ? experiment.relaxedPeaks : experiment.peaks, [region]).map((peak) => ({
      ...peak,
      relaxed,
    }));
  const sites =
    experiment.motif && background
      ? findSites(experiment.motif, background, codes, -region.start, region.start, region.end)
      : [];
  return { peaks: [...within(false), ...within(true)], sites };
}
