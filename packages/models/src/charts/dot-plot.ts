import { scaleLinear } from "d3-scale";
import { bottomAxis, type PlotArea, placeTicks } from "./axes.js";
import { drawLegend, legendRowHeight } from "./legend.js";
import { drawMarker } from "./markers.js";
import { formatFixed, isDrawable } from "./number-format.js";
import { colourClass, type SeriesStyle } from "./palette.js";
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

export interface DotPlotOptions extends ChartIdentity {
  /** Quantity and unit of the values. */
  readonly xTitle: string;
  readonly domain: readonly [number, number];
  readonly series: readonly { readonly label: string; readonly style: SeriesStyle }[];
  /** One row each; values in the order of the series, NaN or null where there is none. */
  readonly rows: readonly {
    readonly label: string;
    readonly values: readonly (number | null | undefined)[];
  }[];
  readonly plotWidth?: number;
  /** False where the markers are explained beside the picture, such as in a table. */
  readonly hasLegend?: boolean;
}

/** One row a thing, one marker a series: a comparison of many values that a table only lists. */
export function drawDotPlot(options: DotPlotOptions): string {
  const { rows, series, plotWidth = 296, hasLegend = true } = options;
  const rowHeight = rows.length <= 10 ? 24 : 16;
  const left = 76;
  const area: PlotArea = { left, top: 8, width: plotWidth, height: rows.length * rowHeight };
  const x = scaleLinear(options.domain, [area.left, area.left + area.width]);
  const width = area.left + area.width + 14;
  const legendTop = area.top + area.height + 42;
  return svgDocument(
    options,
    width,
    hasLegend ? legendTop + series.length * legendRowHeight : legendTop,
    bottomAxis(area, placeTicks(x.ticks(5), x), options.xTitle),
    ...rows.map((row, index) => {
      const y = area.top + (index + 0.5) * rowHeight;
      const drawable = row.values.filter(isDrawable);
      return (
        textElement(left - 8, y + 4, fitText(row.label, left - 12, 12), { class: "end" }) +
        (drawable.length === 0
          ? textElement(left + 6, y + 4, "n/a", { class: "note" })
          : element("path", {
              class: "frame",
              d: `M${at(x(Math.min(...drawable)))} ${at(y)}H${at(x(Math.max(...drawable)))}`,
            })) +
        // The first series is the one that matters: it is drawn last, on top.
        series
          .map((one, column) => {
            const value = row.values[column];
            if (!isDrawable(value)) return "";
            return group(
              { class: colourClass(one.style.colour) },
              element("title", {}, escapeText(`${row.label}, ${one.label}: ${formatFixed(value, 3)}`)),
              drawMarker(one.style.marker, x(value), y, column === 0 ? 5.2 : 4.2),
            );
          })
          .reverse()
          .join("")
      );
    }),
    hasLegend
      ? drawLegend(
          series.map((one) => ({ ...one, key: "marker" as const })),
          16,
          legendTop,
          width - 30,
        )
      : "",
  );
}
