import { logoGroup, type Motif } from "@bindscape/motifs";
import type { PlotArea } from "../charts/axes.js";
import { drawKernelChart } from "../charts/kernel-chart.js";
import { formatCount, formatSignificant, isDrawable } from "../charts/number-format.js";
import type { SeriesStyle } from "../charts/palette.js";
import { element, escapeText } from "../charts/svg.js";
import { alignedBox, motifTitle, significance } from "../motif-reports/aligned-match.js";
import { emptyState, explain, figure } from "./html.js";
import type { FactorReport, KernelMatch, KernelSummary } from "./report-data.js";

const signalStyles: readonly SeriesStyle[] = [
  { colour: "green", width: 1.5, dash: null, marker: "square" },
  { colour: "purple", width: 1.5, dash: "5 2.5", marker: "diamond" },
];

/** Logos of a kernel and its match, in px; a wide kernel beside a long name is shrunk to its column. */
const MATCH_COLUMN_WIDTH = 11;
const MATCH_ROW_HEIGHT = 34;

/** Kernels shown at once; the rest fold away. */
const shownKernels = 6;

/**
 * Kernels as logos with their mean signal, in the order given (strongest first).
 * @param hasStart whether a kernel has weights of its own to start from, as those of the first layer have
 */
export function renderKernelFigures(
  factor: Pick<FactorReport, "factor" | "kernels">,
  id: string,
  open: boolean,
  hasStart = true,
): string {
  if (factor.kernels.length === 0) {
    return emptyState(
      "Kernels",
      "No kernel is shown: none was activated, or the model has no first-layer kernels.",
    );
  }
  const cards = factor.kernels.map((kernel, rank) =>
    renderKernel(kernel, factor, `${id}-kernel-${rank}`, hasStart),
  );
  const rest = cards.slice(shownKernels);
  return [
    `<div class="grid">${cards.slice(0, shownKernels).join("")}</div>`,
    rest.length === 0
      ? ""
      : `<details><summary>${rest.length} more</summary><div class="grid">${rest.join("")}</div></details>`,
    explain(
      `Each kernel is shown as the sequences that activate it most: letter heights are information content in bits (2 is certainty), strongest kernels first. The row above is the mean of the track signal over the same sites, position by position: a dip in the middle is a footprint.${
        factor.kernels.some(({ match }) => match)
          ? " Below it stands the motif of the study's set that the kernel resembles most (compared as Tomtom does, both strands), with the kernel under it, column under column. p is the chance that an unrelated motif of that width fits as well; E is p times the number of motifs, and above 0.1 no match is named."
          : ""
      }${
        hasStart
          ? " Kernels marked as seeded started from a known motif, so that their resemblance to it is no discovery; those that started from random weights found their motif in the data."
          : " What the second layer knows of known motifs it may have from seeded kernels of the first."
      }`,
      open,
    ),
  ].join("");
}

function renderKernel(
  kernel: KernelSummary,
  { factor }: Pick<FactorReport, "factor">,
  id: string,
  hasStart: boolean,
): string {
  const length = Math.floor(kernel.probabilities.length / 4);
  const isSeeded = kernel.seededFrom !== null;
  const tag = isSeeded ? `seeded from ${kernel.seededFrom}` : hasStart ? "random start" : "";
  const activation = isDrawable(kernel.largestActivation)
    ? `, largest activation ${formatSignificant(kernel.largestActivation)}`
    : "";
  const heading = `<h4>Kernel ${formatCount(kernel.index)}${
    tag === "" ? "" : `<span class="tag${isSeeded ? " seeded" : ""}">${escapeText(tag)}</span>`
  }</h4>`;
  const facts = `<div class="small">${formatCount(kernel.sites)} sites${activation}</div>`;
  const isUsable = kernel.probabilities.every((value) => isDrawable(value) && value >= 0);
  if (length === 0 || length * 4 !== kernel.probabilities.length || !isUsable) {
    return element(
      "figure",
      {},
      heading,
      facts,
      '<div class="empty">No logo: the kernel has no sites.</div>',
    );
  }
  const chart = drawKernelChart({
    id,
    title: `Kernel ${formatCount(kernel.index)} of ${factor}${tag === "" ? "" : `, ${tag}`}`,
    description: `Sequence logo of ${length} positions from ${formatCount(kernel.sites)} sites; consensus ${consensus(kernel.probabilities)}.`,
    length,
    drawLetters: (area) => drawLetters(kernel.probabilities, area),
    signals: Object.entries(kernel.meanSignal).map(([label, values], index) => ({
      label,
      unit: kernel.signalUnits?.[label] ?? "",
      values,
      style: signalStyles[index % signalStyles.length],
    })),
  });
  return figure(heading + facts + chart + renderMatch(kernel), {});
}

/** The database motif that a kernel resembles most, above the kernel as it lies on it. */
function renderMatch({ index, probabilities, match }: KernelSummary): string {
  if (match === undefined) return "";
  if (match === null) return '<p class="small">No motif of the study\u2019s set resembles it.</p>';
  const target = motifOf(match.id, match.name, match.probabilities);
  const kernel = motifOf("kernel", `kernel ${formatCount(index)}`, probabilities);
  return [
    `<div class="match">Resembles <b>${motifTitle(target)}</b>${match.isReversed ? '<span class="tag">reverse complement</span>' : ""}`,
    `<div class="small">${significance(match)} among ${formatCount(match.databaseSize)} motifs</div>`,
    alignedBox(placeRows(target, kernel, match), MATCH_COLUMN_WIDTH, MATCH_ROW_HEIGHT),
    "</div>",
  ].join("");
}

function placeRows(target: Motif, kernel: Motif, { offset, isReversed }: KernelMatch) {
  return [
    { motif: target, offset: 0, isReversed },
    { motif: kernel, offset },
  ];
}

function motifOf(id: string, name: string, probabilities: readonly number[]): Motif {
  return { id, name, probabilities: Float64Array.from(probabilities), length: probabilities.length / 4 };
}

function drawLetters(probabilities: readonly number[], area: PlotArea): string {
  return logoGroup(
    { probabilities, showAxes: false, width: area.width, height: area.height },
    { x: area.left, y: area.top },
  );
}

/** The most probable base of every position, lower case where it holds less than half. */
function consensus(probabilities: readonly number[]): string {
  let text = "";
  for (let position = 0; position + 3 < probabilities.length; position += 4) {
    const row = probabilities.slice(position, position + 4);
    const largest = Math.max(...row);
    const letter = "ACGT"[row.indexOf(largest)];
    text += largest > 0.5 ? letter : letter.toLowerCase();
  }
  return text;
}
