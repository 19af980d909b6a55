import { scaleLinear } from "d3-scale";
import { bottomAxis, leftAxis, type PlotArea, placeTicks } from "./axes.js";
import { drawLegend, legendRowHeight } from "./legend.js";
import { referenceStyle } from "./line-chart.js";
import { drawMarker } from "./markers.js";
import { formatFixed, isDrawable } from "./number-format.js";
import { colourClass, networkStyle } from "./palette.js";
import {
  formatCoordinate as at,
  type ChartIdentity,
  element,
  escapeText,
  group,
  svgDocument,
  textElement,
} from "./svg.js";

export interface ScatterPlotOptions extends ChartIdentity {
  /** Quantities, both on the same domain. */
  readonly xTitle: string;
  readonly yTitle: string;
  readonly domain: readonly [number, number];
  /** Points without finite coordinates are left out. */
  readonly points: readonly { readonly label: string; readonly x: number; readonly y: number }[];
  /** Lines in the upper left corner, such as correlations. */
  readonly notes: readonly string[];
  readonly plotSize?: number;
}

/** Points over two like axes with the diagonal, each told by its marker and colour in the legend. */
export function drawScatterPlot(options: ScatterPlotOptions): string {
  const { domain, points, notes, plotSize = 290 } = options;
  const area: PlotArea = { left: 58, top: 10, width: plotSize, height: plotSize };
  const x = scaleLinear(domain, [area.left, area.left + area.width]);
  const y = scaleLinear(domain, [area.top + area.height, area.top]);
  const drawn = points.filter((point) => isDrawable(point.x) && isDrawable(point.y));
  const legendTop = area.top + area.height + 42;
  const width = area.left + area.width + 14;
  return svgDocument(
    options,
    width,
    legendTop + (drawn.length + 1) * legendRowHeight,
    bottomAxis(area, placeTicks(x.ticks(5), x), options.xTitle),
    leftAxis(area, placeTicks(y.ticks(5), y), options.yTitle),
    group(
      { class: colourClass(referenceStyle.colour) },
      element("path", {
        class: "line",
        d: `M${at(x(domain[0]))} ${at(y(domain[0]))}L${at(x(domain[1]))} ${at(y(domain[1]))}`,
        "stroke-width": referenceStyle.width,
        "stroke-dasharray": referenceStyle.dash,
      }),
    ),
    ...drawn.map((point, index) => {
      const { colour, marker } = networkStyle(index);
      return group(
        { class: colourClass(colour) },
        element(
          "title",
          {},
          escapeText(`${point.label}: ${formatFixed(point.x, 3)}, ${formatFixed(point.y, 3)}`),
        ),
        drawMarker(marker, x(point.x), y(point.y), 4.8),
      );
    }),
    group({}, ...notes.map((note, index) => textElement(area.left + 8, area.top + 16 + index * 16, note))),
    drawLegend(
      [
        ...drawn.map(({ label, x, y }, index) => ({
          label,
          value: `${formatFixed(y, 3)} / ${formatFixed(x, 3)}`,
          style: networkStyle(index),
          key: "marker" as const,
        })),
        { label: "as good as the ChIP signal", style: referenceStyle, key: "line" as const },
      ],
      16,
      legendTop,
      width - 30,
    ),
  );
}
