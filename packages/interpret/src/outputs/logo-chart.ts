import {
  formatCoordinate as at,
  type ChartIdentity,
  colourClass,
  element,
  formatSignificant,
  group,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { logoGroup } from "@bindscape/motifs";

export interface LogoChartOptions extends ChartIdentity {
  /** [length]: A, C, G, T = 0..3, unknown = 4. */
  readonly codes: ArrayLike<number>;
  /** [length]: height of the letter at each position, below 0 upside down. */
  readonly scores: ArrayLike<number>;
  /** First base and end of the core, half-open; null where there is none. */
  readonly core: readonly [number, number] | null;
  /** Chromosome coordinates of the first base and the direction, where they are known: positions are then named by them. */
  readonly place?: {
    readonly chromosome: string;
    readonly start: number;
    readonly end: number;
    readonly strand: string;
  };
}

const left = 84;
const width = 1060;
const overviewHeight = 46;
const letterHeight = 74;
const axisHeight = 36;
/** Bases of a row of letters. */
export const logoColumns = 100;
/** Rows of letters of a longer sequence: those with the largest scores, and the core's. */
const mostRows = 4;

/** Scores along a sequence as a whole, and as letters: all of a short one, else the stretches that score most. */
export function drawLogoChart(options: LogoChartOptions): string {
  const { codes, scores, core } = options;
  const { length } = scores;
  const values = Array.from(scores);
  const highest = Math.max(0, ...values);
  const lowest = Math.min(0, ...values);
  const rows = chooseRows(values, core);
  const hasOverview = rows.length * logoColumns < length;
  const plotWidth = width - left - 8;
  const parts: string[] = [];
  let top = 18;
  if (hasOverview) {
    parts.push(drawOverview(options, rows, plotWidth, top, [lowest, highest]));
    top += overviewHeight + axisHeight + 4;
  }
  const cell = plotWidth / Math.min(logoColumns, Math.max(40, length));
  const unit = letterHeight / (highest - lowest || 1);
  for (const first of rows) {
    const count = Math.min(logoColumns, length - first);
    const zero = top + highest * unit;
    const heights = new Float64Array(count * 4);
    let up = 0;
    let down = 0;
    for (let k = 0; k < count; k++) {
      const value = values[first + k];
      if (codes[first + k] > 3) continue;
      heights[k * 4 + codes[first + k]] = value;
      up = Math.max(up, value);
      down = Math.min(down, value);
    }
    const maximum = Math.max(highest, -lowest * 0.01, 1e-30);
    parts.push(
      core ? shadeCore(core, first, count, cell, top) : "",
      element("path", { class: "frame", d: `M${at(left - 4)} ${at(top)}h4v${at(letterHeight)}h-4` }),
      element("path", { class: "grid", d: `M${at(left)} ${at(zero)}h${at(count * cell)}` }),
      group(
        { class: "tick end" },
        highest > 0 ? textElement(left - 7, top + 4, formatSignificant(highest)) : "",
        lowest < 0 ? textElement(left - 7, top + letterHeight + 4, formatSignificant(lowest)) : "",
        highest * unit > 14 && -lowest * unit > 14 ? textElement(left - 7, zero + 4, "0") : "",
      ),
      up > 0 || down < 0
        ? logoGroup(
            { heights, maximum, showAxes: false, width: count * cell, height: (maximum - down) * unit },
            { x: left, y: top },
          )
        : "",
      drawPositions(options, first, count, cell, top + letterHeight + 4),
    );
    top += letterHeight + axisHeight + 8;
  }
  parts.push(
    textElement(left + plotWidth / 2, top - 4, axisTitle(options.place), { class: "axis-title middle" }),
    textElement(12, top / 2, "Score", {
      class: "axis-title middle",
      transform: `rotate(-90 12 ${at(top / 2)})`,
    }),
  );
  return svgDocument(options, width, top + 6, ...parts);
}

/** Scores as bars along the whole sequence, with what is drawn as letters shaded. */
function drawOverview(
  { core, scores, place }: LogoChartOptions,
  rows: readonly number[],
  plotWidth: number,
  top: number,
  [lowest, highest]: readonly [number, number],
): string {
  const { length } = scores;
  const x = (position: number) => left + (position / length) * plotWidth;
  const unit = overviewHeight / (highest - lowest || 1);
  const zero = top + highest * unit;
  let path = "";
  for (let position = 0; position < length; position++) {
    const size = scores[position] * unit;
    if (Math.abs(size) >= 0.1) path += `M${at(x(position + 0.5))} ${at(zero)}v${at(-size)}`;
  }
  const ticks = Array.from({ length: 5 }, (_, i) => Math.round((i * length) / 4));
  const bottom = top + overviewHeight;
  return [
    ...rows.map((first) =>
      element("rect", {
        class: "shade",
        x: x(first),
        y: top,
        width: x(Math.min(length, first + logoColumns)) - x(first),
        height: overviewHeight,
      }),
    ),
    element("path", { class: "grid", d: `M${at(left)} ${at(zero)}h${at(plotWidth)}` }),
    group({ class: colourClass("blue") }, element("path", { class: "line", d: path, "stroke-width": 1.1 })),
    core
      ? element("path", {
          class: "frame",
          d: `M${at(x(core[0]))} ${at(top - 3)}h${at(Math.max(2, x(core[1]) - x(core[0])))}`,
          "stroke-width": 3,
        }) + textElement(x((core[0] + core[1]) / 2), top - 7, "core", { class: "note middle" })
      : "",
    element("path", {
      class: "frame",
      d: `M${at(left)} ${at(top)}v${at(overviewHeight)}h${at(plotWidth)}${ticks.map((tick) => `M${at(x(tick))} ${at(bottom)}v4`).join("")}`,
    }),
    group(
      { class: "tick end" },
      textElement(left - 7, top + 4, formatSignificant(highest)),
      lowest < 0 ? textElement(left - 7, bottom + 4, formatSignificant(lowest)) : "",
    ),
    group(
      { class: "tick middle" },
      ...ticks.map((tick, i) =>
        textElement(x(tick), bottom + 17, `${nameOf(place, tick)}`, {
          class: i === 4 ? "end" : undefined,
        }),
      ),
    ),
  ].join("");
}

function shadeCore(
  core: readonly [number, number],
  first: number,
  count: number,
  cell: number,
  top: number,
): string {
  const from = Math.max(core[0], first);
  const to = Math.min(core[1], first + count);
  if (from >= to) return "";
  return [
    element("rect", {
      class: "shade",
      x: left + (from - first) * cell,
      y: top - 4,
      width: (to - from) * cell,
      height: letterHeight + 8,
    }),
    textElement(left + ((from + to) / 2 - first) * cell, top - 7, "core", { class: "note middle" }),
  ].join("");
}

/** Positions under a row of letters: every fifth marked, every twenty-fifth named. */
function drawPositions(
  { place }: LogoChartOptions,
  first: number,
  count: number,
  cell: number,
  top: number,
): string {
  let marks = "";
  const labels: string[] = [];
  for (let k = 0; k < count; k++) {
    const position = nameOf(place, first + k);
    if (position % 5 !== 0) continue;
    const x = left + (k + 0.5) * cell;
    marks += `M${at(x)} ${at(top)}v${position % 25 === 0 ? 5 : 3}`;
    if (position % 25 === 0 && x < left + count * cell - 30)
      labels.push(textElement(x, top + 17, `${position}`));
  }
  return [
    element("path", { class: "frame", d: `M${at(left)} ${at(top)}h${at(count * cell)}${marks}` }),
    group({ class: "tick middle" }, ...labels),
  ].join("");
}

/** 0-based position of a base, on its chromosome where that is known. */
function nameOf(place: LogoChartOptions["place"], position: number): number {
  if (!place) return position;
  return place.strand === "-" ? place.end - 1 - position : place.start + position;
}

function axisTitle(place: LogoChartOptions["place"]): string {
  if (!place) return "Position in the sequence (bp, from 0)";
  return `Position on ${place.chromosome} (bp, from 0)${place.strand === "-" ? ", reverse strand" : ""}`;
}

/** First bases of the rows of letters, in order. */
function chooseRows(values: readonly number[], core: readonly [number, number] | null): number[] {
  const count = Math.ceil(values.length / logoColumns);
  if (count <= mostRows) return Array.from({ length: count }, (_, row) => row * logoColumns);
  const last = values.length - logoColumns;
  const chosen: number[] = [];
  if (core) {
    const middle = Math.round((core[0] + core[1] - logoColumns) / 2);
    chosen.push(Math.min(last, Math.max(0, middle)));
  }
  // Sums of |score| of every stretch of a row's width, the largest that overlap none before.
  const sums: number[] = [];
  let sum = 0;
  values.forEach((value, i) => {
    sum += Math.abs(value) - (i >= logoColumns ? Math.abs(values[i - logoColumns]) : 0);
    if (i >= logoColumns - 1) sums.push(sum);
  });
  const order = sums.map((_, i) => i).sort((a, b) => sums[b] - sums[a] || a - b);
  for (const first of order) {
    if (chosen.length === mostRows) break;
    if (sums[first] > 0 && chosen.every((other) => Math.abs(other - first) >= logoColumns))
      chosen.push(first);
  }
  return chosen.sort((a, b) => a - b);
}
