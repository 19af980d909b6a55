import {
  formatCoordinate as at,
  type ChartIdentity,
  drawTrack,
  element,
  extent,
  formatFixed,
  formatSignificant,
  group,
  type LocusTrack,
  type PlotArea,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { logoGroup } from "@bindscape/motifs";
import { scaleLinear } from "d3-scale";
export interface SaliencyChartOptions extends ChartIdentity {
  readonly chromosome: string;
  /** 0-based. */
  readonly start: number;
  /** Length x 4 letter heights, order A, C, G, T. */
  readonly heights: ArrayLike<number>;
  /** Drawn above the letters, a value a base; the domain is shared by all rows. */
  readonly tracks: readonly LocusTrack[];
  readonly width?: number;
  /** Bases a row. */
  readonly columns?: number;
  /** First bases of the rows, relative to `start`; end to end where left out. */
  readonly rows?: readonly number[];
}

const left = 74;
const trackHeight = 40;
const titleHeight = 18;
const letterHeight = 74;
const axisHeight = 34;

/** Letters as high as their saliency under the signal, in as many rows as the region needs, on one scale. */
export function drawSaliencyChart(options: SaliencyChartOptions): string {
  const { heights, tracks, start, chromosome, width = 1060, columns = 125 } = options;
  const length = heights.length / 4;
  const rows = options.rows ?? Array.from({ length: Math.ceil(length / columns) }, (_, row) => row * columns);
  const cell = (width - left - 8) / columns;
  const domains = tracks.map((track) => track.domain ?? domainOf(track.values));
  const [lowest, highest] = stackRange(heights);
  const unit = letterHeight / (highest - lowest);
  const rowHeight = tracks.length * (titleHeight + trackHeight + 4) + titleHeight + letterHeight + axisHeight;
  const parts = rows.map((first, row) => {
    const count = Math.min(columns, length - first);
    const rowTop = 4 + row * rowHeight;
    const signals = tracks.map((track, index) => {
      const top = rowTop + index * (titleHeight + trackHeight + 4);
      const area: PlotArea = { left, top: top + titleHeight, width: count * cell, height: trackHeight };
      return drawTrack(
        { ...track, values: track.values.slice(first, first + count), domain: domains[index] },
        area,
        top,
      );
    });
    const top = rowTop + tracks.length * (titleHeight + trackHeight + 4) + titleHeight;
    const shown = Float64Array.from({ length: count * 4 }, (_, i) => heights[first * 4 + i]);
    const [low] = stackRange(shown, 0);
    const zero = top + highest * unit;
    return [
      ...signals,
      textElement(left, top - 5, "Saliency (gradient \u00d7 input)", { class: "track-title" }),
      element("path", { class: "frame", d: `M${at(left - 4)} ${at(top)}h4v${at(letterHeight)}h-4` }),
      element("path", { class: "grid", d: `M${at(left)} ${at(zero)}h${at(count * cell)}` }),
      group(
        { class: "tick end" },
        textElement(left - 7, top + 4, formatSignificant(highest)),
        lowest < 0 ? textElement(left - 7, top + letterHeight + 4, formatSignificant(lowest)) : "",
        highest * unit > 14 || lowest === 0 ? textElement(left - 7, zero + 4, "0") : "",
      ),
      // A logo ends at its own lowest letter; the scale is that of all rows.
      logoGroup(
        {
          heights: shown,
          maximum: highest,
          showAxes: false,
          width: count * cell,
          height: (highest - low) * unit,
        },
        { x: left, y: top },
      ),
      drawPositions(chromosome, start + first, count, cell, top + letterHeight + 4),
    ].join("");
  });
  return svgDocument(options, width, 4 + rows.length * rowHeight, ...parts);
}

/** Base numbers under a row, every 10 bp marked and every 25 named. */
function drawPositions(chromosome: string, first: number, count: number, cell: number, top: number): string {
  let marks = "";
  const labels: string[] = [];
  for (let i = 0; i < count; i++) {
    const position = first + i;
    const x = left + (i + 0.5) * cell;
    if (position % 5 === 0) marks += `M${at(x)} ${at(top)}v${position % 25 === 0 ? 5 : 3}`;
    if (position % 25 === 0 && x > left + 20 && x < left + count * cell - 20)
      labels.push(textElement(x, top + 17, formatFixed(position, 0)));
  }
  return [
    element("path", { class: "frame", d: `M${at(left)} ${at(top)}h${at(count * cell)}${marks}` }),
    group({ class: "tick middle" }, ...labels),
    group({ class: "tick end" }, textElement(left - 7, top + 17, chromosome)),
  ].join("");
}

/** Lowest and highest stack of letters; never nothing between them. */
function stackRange(heights: ArrayLike<number>, least = 1e-9): [number, number] {
  let low = 0;
  let high = 0;
  for (let i = 0; i + 4 <= heights.length; i += 4) {
    let above = 0;
    let below = 0;
    for (let base = 0; base < 4; base++) {
      if (heights[i + base] > 0) above += heights[i + base];
      else below += heights[i + base];
    }
    low = Math.min(low, below);
    high = Math.max(high, above);
  }
  return [low, Math.max(high, -low * 0.01, least)];
}

function domainOf(values: LocusTrack["values"]): [number, number] {
  const limits = extent(values);
  const [low, high] = scaleLinear([Math.min(0, limits?.[0] ?? 0), Math.max(0, limits?.[1] ?? 0) || 1], [0, 1])
    .nice(3)
    .domain();
  return [low, high];
}
