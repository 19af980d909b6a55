import { scaleLinear, scaleLog } from "d3-scale";
import { bottomAxis, leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { drawLegend, type LegendEntry, legendRowHeight } from "./legend.js";
import { formatShortCount, isDrawable } from "./number-format.js";
import { colourClass, type SeriesStyle } from "./palette.js";
import {
  formatCoordinate as at,
  type ChartIdentity,
  element,
  escapeText,
  group,
  svgDocument,
} from "./svg.js";

export interface HistogramOptions extends ChartIdentity {
  /** Class limits, ascending, one more than counts. */
  readonly edges: readonly number[];
  /** Drawn in this order, the last on top. */
  readonly series: readonly {
    readonly label: string;
    readonly value?: string;
    readonly counts: readonly number[];
    readonly style: SeriesStyle;
  }[];
  /** Quantity and unit. */
  readonly xTitle: string;
  readonly yTitle: string;
  /** A row of shares under the plot, one a class, 0 to 1 or null where there is nothing: see the title. */
  readonly strip?: {
    readonly title: string;
    readonly values: readonly (number | null)[];
    readonly style: SeriesStyle;
  };
  readonly plotWidth?: number;
  readonly plotHeight?: number;
}

export const histogramMargin = { left: 58, right: 14, top: 10, bottom: 42 } as const;

/** Where a count of nothing stands on the logarithmic axis: half, so that a single item still shows. */
const floorCount = 0.5;

/**
 * Step outlines of counts on a logarithmic axis. Counts rather than densities: where the rare class (a few
 * thousand bound bins) and the common one (a million unbound) cross is where a call is as likely wrong as right.
 */
export function drawLogHistogram(options: HistogramOptions): string {
  const { edges, series, plotWidth = 308, plotHeight = 236, strip } = options;
  const stripHeight = strip ? 26 : 0;
  const area: PlotArea = {
    left: histogramMargin.left,
    top: histogramMargin.top,
    width: plotWidth,
    height: plotHeight - stripHeight,
  };
  const largest = Math.max(10, ...series.flatMap((one) => one.counts.filter(isDrawable)));
  const decades = Math.ceil(Math.log10(largest * 1.05));
  const x = scaleLinear([edges[0] ?? 0, edges.at(-1) ?? 1], [area.left, area.left + area.width]);
  const y = scaleLog([floorCount, 10 ** decades], [area.top + area.height, area.top]);
  const step = decades > 5 ? 2 : 1;
  const yTicks = Array.from({ length: Math.floor(decades / step) + 1 }, (_, index) => 10 ** (index * step));
  const width = area.left + area.width + histogramMargin.right;
  const stripArea: PlotArea = { ...area, top: area.top + area.height, height: stripHeight };
  const legendTop = stripArea.top + stripHeight + histogramMargin.bottom;
  const legend: LegendEntry[] = [...series]
    .reverse()
    .map(({ label, value, style }) => ({ label, value, style, key: "box" as const }));
  if (strip) legend.push({ label: strip.title, style: strip.style, key: "box" });

  return svgDocument(
    options,
    width,
    legendTop + legend.length * legendRowHeight,
    leftAxis(area, placeTicks(yTicks, y, formatShortCount), options.yTitle),
    ...series.map((one) => drawSteps(one, edges, x, y, area.top + area.height)),
    strip ? drawShares(strip, edges, x, stripArea) : "",
    bottomAxis(strip ? stripArea : area, placeTicks(x.ticks(5), x), options.xTitle, false),
    drawLegend(legend, 16, legendTop, width - 16 - histogramMargin.right),
  );
}

function drawSteps(
  series: HistogramOptions["series"][number],
  edges: readonly number[],
  x: (value: number) => number,
  y: (value: number) => number,
  base: number,
): string {
  let outline = "";
  let level = base;
  let isEmpty = true;
  for (let index = 0; index + 1 < edges.length; index++) {
    const count = series.counts[index];
    const next = isDrawable(count) && count > 0 ? y(Math.max(count, floorCount)) : base;
    if (outline === "") outline = `M${at(x(edges[0]))} ${at(base)}`;
    if (next !== level) outline += `V${at(next)}`;
    outline += `H${at(x(edges[index + 1]))}`;
    level = next;
    if (next !== base) isEmpty = false;
  }
  if (isEmpty) return "";
  outline += `V${at(base)}`;
  const { colour, width, dash } = series.style;
  return group(
    { class: colourClass(colour) },
    element("path", { class: "area", d: `${outline}z` }),
    element(
      "path",
      { class: "line", d: outline, "stroke-width": width, "stroke-dasharray": dash },
      element("title", {}, escapeText(series.label)),
    ),
  );
}

/** Shares as bars of a low strip: height carries the value, so that no colour scale has to be read. */
function drawShares(
  strip: NonNullable<HistogramOptions["strip"]>,
  edges: readonly number[],
  x: (value: number) => number,
  area: PlotArea,
): string {
  const top = area.top + 5;
  const height = area.height - 5;
  let bars = "";
  strip.values.forEach((value, index) => {
    if (!isDrawable(value) || value <= 0 || index + 1 >= edges.length) return;
    const left = x(edges[index]);
    const barHeight = Math.min(1, value) * height;
    bars += `M${at(left)} ${at(top + height)}v${at(-barHeight)}H${at(x(edges[index + 1]))}v${at(barHeight)}z`;
  });
  return (
    element("rect", { class: "shade", x: area.left, y: top, width: area.width, height }) +
    (bars === ""
      ? ""
      : group(
          { class: colourClass(strip.style.colour) },
          element("path", { class: "solid", d: bars }, element("title", {}, escapeText(strip.title))),
        ))
  );
}
