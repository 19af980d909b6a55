import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { bottomAxis, leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { drawLegend, type LegendEntry, legendRowHeight } from "./legend.js";
import { drawMarker } from "./markers.js";
import { extent, isDrawable } from "./number-format.js";
import { colourClass, type SeriesStyle } from "./palette.js";
import {
  formatCoordinate as at,
  type ChartIdentity,
  element,
  escapeText,
  group,
  svgDocument,
} from "./svg.js";

export interface LineSeries {
  readonly label: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly style: SeriesStyle;
  /** Marks every point, for series of a few values. */
  readonly points?: boolean;
  /** Index of a point to stress with a large marker and a dropped line. */
  readonly highlight?: number;
}

export interface ChartAxis {
  /** Quantity and unit. */
  readonly title: string;
  /** Lowest and highest value drawn; from the data where left out. */
  readonly domain?: readonly [number, number];
  readonly ticks?: number;
  /** Ticks at whole numbers only, for counts such as epochs. */
  readonly whole?: boolean;
}

export interface LineChartOptions extends ChartIdentity {
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly series: readonly LineSeries[];
  /** Dashed helper lines from one data point to another: chance, prevalence. */
  readonly references?: readonly {
    readonly label: string;
    readonly value?: string;
    readonly from: readonly [number, number];
    readonly to: readonly [number, number];
  }[];
  /** Rows under the plot; the series and references where left out. */
  readonly legend?: readonly LegendEntry[];
  /** Values beside the labels of the legend made from the series, by series index. */
  readonly legendValues?: readonly string[];
  /** Size of the plot in user units, without axes and legend. */
  readonly plotWidth?: number;
  readonly plotHeight?: number;
}

/** Room around the plot of a line chart: axis titles and tick labels. */
export const lineChartMargin = { left: 72, right: 14, top: 10, bottom: 42 } as const;

export const referenceStyle: SeriesStyle = { colour: "muted", width: 1.2, dash: "1.5 3", marker: "circle" };

/**
 * A chart of lines over two linear axes with a legend under it. Points that are not finite interrupt their line.
 * The plot's lower left corner, at (`lineChartMargin.left`, `lineChartMargin.top + plotHeight`), is the low end of both domains.
 */
export function drawLineChart(options: LineChartOptions): string {
  const { series, references = [], plotWidth = 308, plotHeight = 236 } = options;
  const area: PlotArea = {
    left: lineChartMargin.left,
    top: lineChartMargin.top,
    width: plotWidth,
    height: plotHeight,
  };
  const xDomain =
    options.x.domain ??
    paddedExtent(
      series.map((one) => one.x),
      0,
    );
  const yDomain =
    options.y.domain ??
    paddedExtent(
      series.map((one) => one.y),
      0.06,
    );
  const x = scaleLinear(xDomain, [area.left, area.left + area.width]);
  const y = scaleLinear(yDomain, [area.top + area.height, area.top]);
  const tickValues = (axis: ChartAxis, scale: typeof x) =>
    scale.ticks(axis.ticks ?? 5).filter((value) => !axis.whole || Number.isInteger(value));

  const legend =
    options.legend ??
    ([
      ...series.map((one, index) => ({
        label: one.label,
        value: options.legendValues?.[index],
        style: one.style,
        key: one.points ? "line-marker" : "line",
      })),
      ...references.map((one) => ({
        label: one.label,
        value: one.value,
        style: referenceStyle,
        key: "line",
      })),
    ] as LegendEntry[]);
  const width = area.left + area.width + lineChartMargin.right;
  const legendTop = area.top + area.height + lineChartMargin.bottom;

  return svgDocument(
    options,
    width,
    legendTop + legend.length * legendRowHeight,
    bottomAxis(area, placeTicks(tickValues(options.x, x), x), options.x.title),
    leftAxis(area, placeTicks(tickValues(options.y, y), y), options.y.title),
    ...references.map((one) =>
      group(
        { class: colourClass(referenceStyle.colour) },
        drawPath(
          [one.from, one.to].map(([a, b]) => [x(a), y(b)]),
          referenceStyle,
          one.label,
        ),
      ),
    ),
    // The first series is the one that matters: it is drawn last, on top.
    ...[...series].reverse().map((one) => drawSeries(one, x, y, area)),
    drawLegend(legend, 16, legendTop, width - 16 - lineChartMargin.right),
  );
}

function drawSeries(
  series: LineSeries,
  x: (value: number) => number,
  y: (value: number) => number,
  area: PlotArea,
): string {
  const { style, highlight } = series;
  const points = series.x.map((value, index): [number, number] | null =>
    isDrawable(value) && isDrawable(series.y[index]) ? [x(value), y(series.y[index])] : null,
  );
  // A lone point has no line to show its dashes: an open marker tells a dashed series from a solid one.
  const isLone = points.length === 1;
  const size = isLone ? 3.6 : 2;
  const look = isLone && style.dash !== null ? "open" : "solid";
  const stressed = highlight === undefined ? null : (points[highlight] ?? null);
  return group(
    { class: colourClass(style.colour) },
    drawPath(thinPath(points), style, series.label),
    ...(series.points
      ? points.map((point) => (point ? drawMarker(style.marker, ...point, size, look) : ""))
      : []),
    stressed
      ? (isLone
          ? ""
          : element("path", {
              class: "line",
              d: `M${at(stressed[0])} ${at(stressed[1])}V${at(area.top + area.height)}`,
              "stroke-width": 1,
              "stroke-dasharray": "2 2",
            })) + drawMarker(style.marker, ...stressed, 5)
      : "",
  );
}

function drawPath(
  points: readonly (readonly [number, number] | number[] | null)[],
  style: SeriesStyle,
  label: string,
) {
  const path = line<readonly number[] | null>()
    .defined((point) => point !== null)
    .x((point) => point![0])
    .y((point) => point![1])
    .digits(1)(points as (readonly number[] | null)[]);
  if (!path) return "";
  return element(
    "path",
    { class: "line", d: path, "stroke-width": style.width, "stroke-dasharray": style.dash },
    element("title", {}, escapeText(label)),
  );
}

/** Drops points closer than a third of a unit to the last one kept; both ends and gaps stay. */
export function thinPath(points: readonly ([number, number] | null)[]): ([number, number] | null)[] {
  const kept: ([number, number] | null)[] = [];
  let last: [number, number] | null = null;
  points.forEach((point, index) => {
    const next = points[index + 1];
    const isEnd = index === points.length - 1 || next === null;
    if (point && last && !isEnd && Math.hypot(point[0] - last[0], point[1] - last[1]) < 0.33) return;
    kept.push(point);
    last = point;
  });
  return kept;
}

function paddedExtent(columns: readonly (readonly number[])[], padding: number): [number, number] {
  const limits = extent(columns.flat());
  if (!limits) return [0, 1];
  const [low, high] = limits;
  const span = high - low;
  if (span === 0)
    return padding === 0
      ? [low - 0.5, high + 0.5]
      : [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  return [low - span * padding, high + span * padding];
}
