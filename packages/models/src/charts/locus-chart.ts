import { scaleLinear } from "d3-scale";
import { bottomAxis, type PlotArea, placeTicks, type Tick } from "./axes.js";
import { extent, formatFixed, formatSignificant, isDrawable, tickFormatter } from "./number-format.js";
import { colourClass, type SeriesColour } from "./palette.js";
import {
  formatCoordinate as at,
  type ChartIdentity,
  element,
  escapeText,
  fitText,
  group,
  svgDocument,
  textElement,
} from "./svg.js";

export interface LocusTrack {
  readonly label: string;
  /** Unit of the values, "" for none. */
  readonly unit: string;
  readonly colour: SeriesColour;
  /** Equal steps over the whole locus; null where there is no data. */
  readonly values: readonly (number | null)[];
  /** Lowest and highest value drawn; from 0 to a round number above the data where left out. */
  readonly domain?: readonly [number, number];
}

export interface LocusChartOptions extends ChartIdentity {
  readonly chromosome: string;
  /** 0-based, half-open, in bp. */
  readonly start: number;
  readonly end: number;
  readonly tracks: readonly LocusTrack[];
  readonly peaks: readonly { readonly start: number; readonly end: number; readonly relaxed: boolean }[];
  readonly sites: readonly {
    readonly start: number;
    readonly end: number;
    readonly strand: "+" | "-";
    readonly score: number;
  }[];
  /** Width of the whole picture in user units; the height follows from the tracks. */
  readonly width: number;
}

export const locusMargin = { left: 46, right: 12, top: 4 } as const;
const trackHeight = 56;
const titleHeight = 18;
const rowHeight = 16;
const gap = 8;

/** A stretch of genome with its tracks, peaks and motif sites over a common axis in kb. */
export function drawLocusChart(options: LocusChartOptions): string {
  const { start, end, width, tracks, peaks, sites, chromosome } = options;
  const plotWidth = width - locusMargin.left - locusMargin.right;
  const left = locusMargin.left;
  const span = Math.max(1, end - start);
  const x = scaleLinear([start, start + span], [left, left + plotWidth]);
  const clip = (position: number) => x(Math.min(start + span, Math.max(start, position)));

  const parts: string[] = [];
  let top = locusMargin.top;
  for (const track of tracks) {
    const area: PlotArea = { left, top: top + titleHeight, width: plotWidth, height: trackHeight };
    parts.push(drawTrack(track, area, top));
    top += titleHeight + trackHeight + gap;
  }
  parts.push(rowTitle("Peaks (filled: conservative, open: relaxed only)", left, top));
  parts.push(drawPeaks(peaks, clip, top + titleHeight, rowHeight - 4));
  if (peaks.length === 0)
    parts.push(textElement(left + 4, top + titleHeight + 10, "none here", { class: "note" }));
  const peaksBottom = top + titleHeight + rowHeight;
  top = peaksBottom + gap / 2;
  if (sites.length > 0) {
    parts.push(rowTitle("Motif sites (5′ to 3′, opaque = strong)", left, top));
    parts.push(drawSites(sites, clip, top + titleHeight, rowHeight - 4));
    top += titleHeight + rowHeight;
  }
  const plot: PlotArea = { left, top: locusMargin.top, width: plotWidth, height: top - locusMargin.top };
  // Called peaks shade all tracks, so that the eye can follow them from row to row.
  const bands = peaks
    .filter((peak) => !peak.relaxed && peak.end > start && peak.start < end)
    .map((peak) => {
      const from = clip(peak.start);
      return element("rect", {
        class: "shade",
        x: from,
        y: locusMargin.top + titleHeight,
        width: Math.max(1, clip(peak.end) - from),
        height: peaksBottom - locusMargin.top - titleHeight,
      });
    });
  return svgDocument(
    options,
    width,
    top + 42,
    ...bands,
    ...parts,
    bottomAxis(plot, genomicTicks(x, plotWidth), `${chromosome} position (kb)`, false),
  );
}

function rowTitle(text: string, left: number, top: number): string {
  return textElement(left, top + 13, text, { class: "track-title" });
}

/** Ticks in kb at round positions, about one every 110 units. */
function genomicTicks(x: ReturnType<typeof scaleLinear<number, number>>, width: number): Tick[] {
  const values = x.ticks(Math.max(2, Math.round(width / 110)));
  const format = tickFormatter(values.map((value) => value / 1000));
  const [low, high] = x.range();
  return placeTicks(values, x, (value) => format(value / 1000)).filter(
    ({ position }) => position >= low + 10 && position <= high - 10,
  );
}

/** A track with its title at `top` and its values in `area`. */
export function drawTrack(track: LocusTrack, area: PlotArea, top: number): string {
  const limits = extent(track.values);
  const domain =
    track.domain ??
    scaleLinear([Math.min(0, limits?.[0] ?? 0), Math.max(0, limits?.[1] ?? 0) || 1], [0, 1])
      .nice(3)
      .domain();
  const y = scaleLinear(domain, [area.top + area.height, area.top]).clamp(true);
  const ends = [domain[0], domain[1]];
  const unit = track.unit === "" ? "" : ` (${track.unit})`;
  const columns = binColumns(track.values, Math.round(area.width / 1.5));
  const path = drawProfile(columns, area, y, y(Math.max(domain[0], 0)));
  return [
    textElement(area.left, top + 13, fitText(`${track.label}${unit}`, area.width, 12), {
      class: "track-title",
    }),
    element("path", {
      class: "frame",
      d: `M${at(area.left - 4)} ${at(area.top)}h4v${at(area.height)}h-4M${at(area.left)} ${at(area.top + area.height)}h${at(area.width)}`,
    }),
    group(
      { class: "tick end" },
      ...ends.map((value) =>
        textElement(
          area.left - 7,
          y(value) + 4,
          Number.isInteger(value) ? formatFixed(value, 0) : formatSignificant(value),
        ),
      ),
    ),
    limits === null
      ? textElement(area.left + 4, area.top + area.height / 2 + 4, "no data in this region", {
          class: "note",
        })
      : group({ class: colourClass(track.colour) }, element("path", { class: "profile", d: path })),
  ].join("");
}

/**
 * One closed outline a stretch of data, in relative coordinates with a tenth of a unit: a report holds many
 * thousand such points, so that every character counts.
 */
function drawProfile(
  columns: readonly (number | null)[],
  area: PlotArea,
  y: (value: number) => number,
  base: number,
): string {
  const step = area.width / Math.max(1, columns.length);
  const tenths = (value: number) => Math.round(value * 10);
  let path = "";
  let lastX = 0;
  let lastY: number | null = null;
  columns.forEach((value, index) => {
    if (value === null) {
      if (lastY !== null) path += `V${at(base)}z`;
      lastY = null;
      return;
    }
    const nextX = tenths(area.left + (index + 0.5) * step);
    const nextY = tenths(y(value));
    if (lastY === null) path += `M${at(nextX / 10)} ${at(base)}V${nextY / 10}`;
    else path += `l${(nextX - lastX) / 10} ${(nextY - lastY) / 10}`;
    lastX = nextX;
    lastY = nextY;
  });
  return (lastY === null ? path : `${path}V${at(base)}z`).replaceAll(" -", "-").replace(/(?<!\d)0\./g, ".");
}

/**
 * At most `columns` values, each the one farthest from zero of its share of `values`: a mean would hide the
 * narrow peaks that a locus is looked at for.
 */
export function binColumns(values: readonly (number | null)[], columns: number): (number | null)[] {
  if (values.length <= columns) return values.map((value) => (isDrawable(value) ? value : null));
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
    let farthest: number | null = null;
    for (let index = from; index < to; index++) {
      const value = values[index];
      if (isDrawable(value) && (farthest === null || Math.abs(value) > Math.abs(farthest))) farthest = value;
    }
    return farthest;
  });
}

function drawPeaks(
  peaks: LocusChartOptions["peaks"],
  clip: (position: number) => number,
  top: number,
  height: number,
): string {
  const boxes = peaks.map((peak) => {
    const from = clip(peak.start);
    const width = Math.max(2, clip(peak.end) - from);
    const label = `${peak.relaxed ? "relaxed peak" : "peak"} ${formatFixed(peak.start, 0)} to ${formatFixed(peak.end, 0)}`;
    return element(
      "rect",
      { class: peak.relaxed ? "open" : "solid", x: from, y: top, width, height, rx: 1.5 },
      element("title", {}, escapeText(label)),
    );
  });
  return group({ class: colourClass("ink") }, ...boxes);
}

function drawSites(
  sites: LocusChartOptions["sites"],
  clip: (position: number) => number,
  top: number,
  height: number,
): string {
  const [low, high] = extent(sites.map((site) => site.score)) ?? [0, 0];
  const span = high - low;
  const arrows = sites.map((site) => {
    const middle = (clip(site.start) + clip(site.end)) / 2;
    const half = Math.max(4, (clip(site.end) - clip(site.start)) / 2);
    const tip = site.strand === "+" ? middle + half : middle - half;
    const tail = site.strand === "+" ? middle - half : middle + half;
    const strength = isDrawable(site.score) && span > 0 ? (site.score - low) / span : 1;
    const score = isDrawable(site.score) ? `, ${formatFixed(site.score, 1)} bits` : "";
    return element(
      "path",
      {
        class: "solid",
        d: `M${at(tail)} ${at(top)}L${at(tip)} ${at(top + height / 2)}L${at(tail)} ${at(top + height)}z`,
        "fill-opacity": (0.5 + 0.5 * strength).toFixed(2),
      },
      element("title", {}, escapeText(`site on ${site.strand} at ${formatFixed(site.start, 0)}${score}`)),
    );
  });
  return group({ class: colourClass("vermillion") }, ...arrows);
}
