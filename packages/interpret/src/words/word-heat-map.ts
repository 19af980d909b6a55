import {
  formatCoordinate as at,
  type ChartIdentity,
  colourClass,
  drawHeatKey,
  element,
  escapeText,
  fitText,
  formatFixed,
  group,
  heatKeyHeight,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { LARGEST_RATIO, significantRatio, type WordOrder, type WordRow } from "./word-matrix.js";

export interface WordHeatMapOptions extends ChartIdentity {
  readonly rows: readonly WordRow[];
  readonly order: WordOrder;
  /** Known motifs of words, drawn beside them; absent words have none. */
  readonly annotations?: ReadonlyMap<string, string>;
}

/** -log10 of the adjusted p-value from which a square fills its cell. */
const FULL_SQUARE = 20;
const CELL = 17;
const LABEL_HEIGHT = 62;
const STEPS = 20;

/**
 * Words by factors as squares: as large as they are significant (Bonferroni-adjusted p, full from 1e-20 on), coloured by
 * odds ratio up to 10; nothing where the nominal p-value is above 0.01 (Zheng et al. 2021, Fig. 3).
 */
export function drawWordHeatMap(options: WordHeatMapOptions): string {
  const { rows, order, annotations } = options;
  const byName = new Map(rows.map((row) => [row.name, row]));
  const names = order.rows.filter((name) => byName.has(name));
  const longest = Math.max(4, ...names.map((name) => Math.min(28, name.length)));
  const left = 14 + longest * 7;
  const noteHeight = annotations && annotations.size > 0 ? 104 : 0;
  const top = LABEL_HEIGHT + noteHeight;
  const width = left + order.words.length * CELL + 14;
  const bottom = top + names.length * CELL;
  const labels = order.words.map((word, column) => {
    const x = left + (column + 0.5) * CELL + 4;
    const note = annotations?.get(word);
    return (
      textElement(x, top - 6, word, { class: "tick", transform: `rotate(-90 ${at(x)} ${at(top - 6)})` }) +
      (note === undefined
        ? ""
        : textElement(x, top - LABEL_HEIGHT, fitText(note, noteHeight - 6, 11), {
            class: "note",
            transform: `rotate(-90 ${at(x)} ${at(top - LABEL_HEIGHT)})`,
          }))
    );
  });
  const cells = names.map((name, r) => {
    const byWord = new Map(byName.get(name)?.words.map((entry) => [entry.word, entry]));
    return order.words
      .map((word, column) => {
        const entry = byWord.get(word);
        const ratio = significantRatio(entry);
        if (entry === undefined || ratio <= 0) return "";
        const size = 3 + (CELL - 5) * Math.sqrt(Math.min(1, -entry.log10AdjustedP / FULL_SQUARE));
        const step = Math.max(1, Math.round((Math.min(ratio, LARGEST_RATIO) / LARGEST_RATIO) * STEPS));
        return element(
          "rect",
          {
            class: "solid",
            x: left + (column + 0.5) * CELL - size / 2,
            y: top + (r + 0.5) * CELL - size / 2,
            width: size,
            height: size,
            "fill-opacity": `${step / STEPS}`,
          },
          element(
            "title",
            {},
            escapeText(
              `${word} in ${name}: odds ratio ${Number.isFinite(ratio) ? formatFixed(ratio, 1) : "infinite"}, adjusted p 1e${formatFixed(entry.log10AdjustedP, 1)}`,
            ),
          ),
        );
      })
      .join("");
  });
  const grid =
    names.map((_, r) => `M${at(left)} ${at(top + r * CELL)}h${at(order.words.length * CELL)}`).join("") +
    order.words.map((_, c) => `M${at(left + c * CELL)} ${at(top)}V${at(bottom)}`).join("");
  const keyTop = bottom + 22;
  return svgDocument(
    options,
    Math.max(width, left + 420),
    keyTop + heatKeyHeight + 14,
    element("path", {
      class: "grid",
      d: `${grid}M${at(left)} ${at(bottom)}h${at(order.words.length * CELL)}`,
    }),
    ...labels,
    ...names.map((name, r) =>
      textElement(left - 6, top + (r + 0.5) * CELL + 4, fitText(name, longest * 7, 11), {
        class: "tick end",
      }),
    ),
    group({ class: colourClass("vermillion") }, ...cells),
    textElement(left, keyTop - 5, "odds ratio", { class: "note" }),
    drawHeatKey({ domain: [0, LARGEST_RATIO], colour: "vermillion", isOpen: true }, left, keyTop, 150),
    textElement(left + 200, keyTop - 5, "adjusted p", { class: "note" }),
    ...[0, 5, FULL_SQUARE].map((value, i) => {
      const size = 3 + (CELL - 5) * Math.sqrt(value / FULL_SQUARE);
      const x = left + 208 + i * 74;
      return (
        group(
          { class: colourClass("vermillion") },
          element("rect", {
            class: "solid",
            x: x - size / 2,
            y: keyTop + 9 - size / 2,
            width: size,
            height: size,
          }),
        ) +
        textElement(x + 12, keyTop + 13, value === 0 ? "1" : `${i === 2 ? "\u2264 " : ""}1e\u2212${value}`, {
          class: "note",
        })
      );
    }),
  );
}
