import { logoGroup } from "@bindscape/motifs";
import type { PlotArea } from "./axes.js";
import { drawHeatKey, drawHeatMap, heatKeyHeight } from "./heat-map.js";
import type { SeriesColour } from "./palette.js";
import { type ChartIdentity, element, escapeText, fitText, group, svgDocument, textElement } from "./svg.js";

/** A kernel in an alignment of kernels, all arrays as it is drawn there. */
export interface AlignedKernelRow {
  readonly label: string;
  /** Column of its first position. */
  readonly offset: number;
  /** Length x 4, order A, C, G, T. */
  readonly probabilities: readonly number[];
}

export interface AlignedKernelsOptions extends ChartIdentity {
  /** Columns of the alignment. */
  readonly columns: number;
  readonly kernels: readonly AlignedKernelRow[];
  /** A heat map each, beside the logos. */
  readonly maps: readonly {
    readonly title: string;
    /** Of the colours: quantity and unit. */
    readonly unit: string;
    readonly colour: SeriesColour;
    readonly domain: readonly [number, number];
    /** Values beyond the domain have full colour. */
    readonly isOpen?: boolean;
    /** One row a kernel, as long as the kernel. */
    readonly values: readonly (readonly number[])[];
  }[];
  readonly width?: number;
}

const labelWidth = 92;
const gap = 26;
const titleHeight = 24;
const rowHeight = 22;

/** Kernels under one another as they align: logos, and one heat map a quantity with the same rows and columns. */
export function drawAlignedKernels(options: AlignedKernelsOptions): string {
  const { columns, kernels, maps, width = 1180 } = options;
  const panels = maps.length + 1;
  const panelWidth = (width - labelWidth - gap * (panels - 1) - 2) / panels;
  const height = kernels.length * rowHeight;
  const panel = (index: number): PlotArea => ({
    left: labelWidth + index * (panelWidth + gap),
    top: titleHeight,
    width: panelWidth,
    height,
  });
  const cell = panelWidth / Math.max(1, columns);
  const keyTop = titleHeight + height + 12;
  return svgDocument(
    options,
    width,
    keyTop + heatKeyHeight + 16,
    group(
      { class: "tick end" },
      ...kernels.map(({ label }, row) =>
        textElement(
          labelWidth - 8,
          titleHeight + (row + 0.5) * rowHeight + 4,
          fitText(label, labelWidth - 8, 11),
        ),
      ),
    ),
    textElement(panel(0).left, 13, "Motifs of the sites", { class: "track-title strong" }),
    ...kernels.map(({ probabilities, offset, label }, row) =>
      group(
        {},
        element("title", {}, escapeText(label)),
        logoGroup(
          {
            probabilities,
            showAxes: false,
            width: (probabilities.length / 4) * cell,
            height: rowHeight - 2,
          },
          { x: panel(0).left + offset * cell, y: titleHeight + row * rowHeight + 1 },
        ),
      ),
    ),
    ...maps.map((map, index) => {
      const area = panel(index + 1);
      const rows = kernels.map(({ offset }, row) =>
        Array.from({ length: columns }, (_, column) => map.values[row][column - offset] ?? null),
      );
      return [
        textElement(area.left, 13, fitText(map.title, area.width, 12), { class: "track-title strong" }),
        drawHeatMap({ ...map, area, rows, label: map.title }),
        drawHeatKey(map, area.left, keyTop, Math.min(area.width, 180)),
        textElement(area.left, keyTop + heatKeyHeight + 10, fitText(map.unit, area.width, 11), {
          class: "note",
        }),
      ].join("");
    }),
    textElement(panel(0).left, keyTop + 10, `${columns} columns, one a bp`, { class: "note" }),
  );
}
