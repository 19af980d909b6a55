import type { PlotArea } from "./axes.js";
import { drawHeatKey, drawHeatMap, heatKeyHeight } from "./heat-map.js";
import { formatFixed, isDrawable } from "./number-format.js";
import type { SeriesColour } from "./palette.js";
import {
  formatCoordinate as at,
  type ChartIdentity,
  element,
  fitText,
  group,
  svgDocument,
  textElement,
} from "./svg.js";

export interface MatrixChartOptions extends ChartIdentity {
  /** From top to bottom and from left to right. */
  readonly rowNames: readonly string[];
  readonly columnNames: readonly string[];
  /** [rows][columns]; null where there is no value. */
  readonly values: readonly (readonly (number | null)[])[];
  /** What rows and columns are. */
  readonly rowTitle: string;
  readonly columnTitle: string;
  /** Quantity, for the key of colours. */
  readonly valueTitle: string;
  /** Values drawn with the least and with full colour; those there are where left out. */
  readonly domain?: readonly [number, number];
  readonly colour?: SeriesColour;
  /** Frame the largest value of each column. */
  readonly marksBest?: boolean;
  /** Of values written in cells, where there is room; 2. */
  readonly decimals?: number;
}

/** Most columns whose cells have room for numbers. */
const COLUMNS_WITH_NUMBERS = 24;

/** Rows against columns as cells of colour, with their values where there is room. */
export function drawMatrixChart(options: MatrixChartOptions): string {
  const { rowNames, columnNames, values, colour = "blue", decimals = 2, marksBest = false } = options;
  const hasNumbers = columnNames.length <= COLUMNS_WITH_NUMBERS;
  const cellWidth = hasNumbers ? 40 : columnNames.length <= 50 ? 18 : 12;
  const cellHeight = hasNumbers ? 24 : columnNames.length <= 50 ? 18 : 12;
  const fontSize = Math.min(12, cellHeight - 2);
  const longest = (names: readonly string[]) =>
    Math.min(160, 6 + Math.max(24, ...names.map((name) => name.length * fontSize * 0.62)));
  const left = 30 + longest(rowNames);
  const above = 30 + longest(columnNames);
  const area: PlotArea = {
    left,
    top: above,
    width: cellWidth * columnNames.length,
    height: cellHeight * rowNames.length,
  };
  const drawn = values.flat().filter(isDrawable);
  const domain = options.domain ?? [Math.min(...drawn, 1), Math.max(...drawn, 0)];
  const keyTop = area.top + area.height + 26;
  const keyWidth = Math.max(120, Math.min(220, area.width));
  return svgDocument(
    options,
    Math.max(area.left + area.width, area.left + keyWidth) + 14,
    keyTop + heatKeyHeight,
    textElement(area.left + area.width / 2, 14, options.columnTitle, { class: "axis-title middle" }),
    textElement(12, area.top + area.height / 2, options.rowTitle, {
      class: "axis-title middle",
      transform: `rotate(-90 12 ${at(area.top + area.height / 2)})`,
    }),
    group(
      { "font-size": `${fontSize}px` },
      ...rowNames.map((name, row) =>
        textElement(
          area.left - 6,
          area.top + (row + 0.5) * cellHeight + fontSize * 0.35,
          fitText(name, left - 30, fontSize),
          { class: "end" },
        ),
      ),
      ...columnNames.map((name, column) => {
        const x = area.left + (column + 0.5) * cellWidth + fontSize * 0.35;
        const y = area.top - 6;
        return textElement(x, y, fitText(name, above - 30, fontSize), {
          transform: `rotate(-90 ${at(x)} ${at(y)})`,
        });
      }),
    ),
    drawHeatMap({ area, rows: values, domain, colour, label: options.title }),
    hasNumbers ? drawNumbers(values, area, cellWidth, cellHeight, domain, decimals) : "",
    marksBest ? drawMarks(values, area, cellWidth, cellHeight) : "",
    textElement(area.left, keyTop - 6, options.valueTitle, { class: "note" }),
    drawHeatKey({ domain, colour }, area.left, keyTop, keyWidth),
  );
}

function drawNumbers(
  values: MatrixChartOptions["values"],
  area: PlotArea,
  cellWidth: number,
  cellHeight: number,
  domain: readonly [number, number],
  decimals: number,
): string {
  const dark = domain[0] + 0.6 * (domain[1] - domain[0]);
  return group(
    { "font-size": "11px" },
    ...values.flatMap((row, r) =>
      row.map((value, column) =>
        isDrawable(value)
          ? textElement(
              area.left + (column + 0.5) * cellWidth,
              area.top + (r + 0.5) * cellHeight + 4,
              formatFixed(value, decimals),
              { class: "middle", style: value > dark ? "fill:var(--chart-surface)" : undefined },
            )
          : "",
      ),
    ),
  );
}

/** A frame around the largest value of each column; around all of several equal ones. */
function drawMarks(
  values: MatrixChartOptions["values"],
  area: PlotArea,
  cellWidth: number,
  cellHeight: number,
): string {
  let frames = "";
  const columns = Math.max(0, ...values.map((row) => row.length));
  for (let column = 0; column < columns; column++) {
    const own = values.map((row) => row[column]);
    const best = Math.max(...own.filter(isDrawable));
    own.forEach((value, row) => {
      if (value !== best) return;
      frames += `M${at(area.left + column * cellWidth + 1.5)} ${at(area.top + row * cellHeight + 2.5)}h${at(cellWidth - 3)}v${at(cellHeight - 5)}h${at(3 - cellWidth)}z`;
    });
  }
  return frames === ""
    ? ""
    : group({ class: "series-vermillion" }, element("path", { class: "line", d: frames, "stroke-width": 2 }));
}
