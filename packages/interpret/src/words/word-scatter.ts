import {
  formatCoordinate as at,
  bottomAxis,
  type ChartIdentity,
  colourClass,
  drawMarker,
  element,
  escapeText,
  formatFixed,
  group,
  leftAxis,
  type PlotArea,
  placeTicks,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { scaleSqrt } from "d3-scale";
import type { WordEnrichment } from "./enrich-words.js";

export interface WordScatterOptions extends ChartIdentity {
  /** What the axes show; words are those of either side. */
  readonly x: { readonly name: string; readonly words: readonly WordEnrichment[] };
  readonly y: { readonly name: string; readonly words: readonly WordEnrichment[] };
}

const SIZE = 330;
/** Words named in the picture. */
const NAMED = 24;

/**
 * -log10 p of words in two runs, one point a word, with lines where the Bonferroni-adjusted p is 0.05 (Zheng et al. 2021,
 * Fig. 4). Axes are square roots, so that small and huge significances can both be read.
 */
export function drawWordScatter(options: WordScatterOptions): string {
  const points = joinWords(options.x.words, options.y.words);
  const largest = Math.max(5, ...points.map(({ x, y }) => Math.max(x, y)));
  const area: PlotArea = { left: 60, top: 12, width: SIZE, height: SIZE };
  const domain = [0, largest * 1.08];
  const x = scaleSqrt(domain, [area.left, area.left + SIZE]);
  const y = scaleSqrt(domain, [area.top + SIZE, area.top]);
  const ticks = squareTicks(domain[1]);
  const limitX = thresholdOf(options.x.words);
  const limitY = thresholdOf(options.y.words);
  const kinds = points.map((point) => {
    const [inX, inY] = [point.x >= limitX, point.y >= limitY];
    return inX && inY ? "both" : inX ? "x" : inY ? "y" : "none";
  });
  const styles = {
    both: { colour: "purple", marker: "diamond" },
    x: { colour: "blue", marker: "circle" },
    y: { colour: "vermillion", marker: "triangle" },
    none: { colour: "muted", marker: "circle" },
  } as const;
  return svgDocument(
    options,
    area.left + SIZE + 40,
    area.top + SIZE + 46,
    bottomAxis(area, placeTicks(ticks, x), `\u2212log10 p in ${options.x.name}`),
    leftAxis(area, placeTicks(ticks, y), `\u2212log10 p in ${options.y.name}`),
    group(
      { class: colourClass("muted") },
      element("path", {
        class: "line",
        "stroke-dasharray": "5 3",
        d: `M${at(x(Math.min(limitX, domain[1])))} ${at(area.top)}v${SIZE}M${at(area.left)} ${at(y(Math.min(limitY, domain[1])))}h${SIZE}`,
      }),
    ),
    ...points.map((point, i) => {
      const { colour, marker } = styles[kinds[i]];
      return group(
        { class: colourClass(colour) },
        element(
          "title",
          {},
          escapeText(`${point.word}: ${formatFixed(point.x, 1)}, ${formatFixed(point.y, 1)}`),
        ),
        drawMarker(marker, x(point.x), y(point.y), kinds[i] === "none" ? 1.6 : 3),
      );
    }),
    ...nameWords(points, kinds, x, y, area),
  );
}

interface Point {
  readonly word: string;
  readonly x: number;
  readonly y: number;
}

function joinWords(a: readonly WordEnrichment[], b: readonly WordEnrichment[]): Point[] {
  const second = new Map(b.map((entry) => [entry.word, -entry.log10P]));
  const first = new Map(a.map((entry) => [entry.word, -entry.log10P]));
  return [...new Set([...first.keys(), ...second.keys()])].map((word) => ({
    word,
    x: first.get(word) ?? 0,
    y: second.get(word) ?? 0,
  }));
}

/** -log10 of the nominal p-value at which the adjusted one is 0.05. */
function thresholdOf(words: readonly WordEnrichment[]): number {
  return Math.log10(Math.max(1, words.length) / 0.05);
}

function squareTicks(largest: number): number[] {
  const step =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((one) => largest / one <= 12) ?? 10000;
  return [0, 1, 3, 6, 10].map((i) => i * step).filter((value) => value <= largest);
}

/** Names of the most significant words, each where it touches no other. */
function nameWords(
  points: readonly Point[],
  kinds: readonly string[],
  x: (value: number) => number,
  y: (value: number) => number,
  area: PlotArea,
): string[] {
  const taken: { left: number; top: number; right: number; bottom: number }[] = [];
  const ranked = points
    .map((point, i) => ({ point, kind: kinds[i] }))
    .filter(({ kind }) => kind !== "none")
    .sort((a, b) => Math.max(b.point.x, b.point.y) - Math.max(a.point.x, a.point.y));
  const names: string[] = [];
  for (const { point } of ranked) {
    if (names.length === NAMED) break;
    const width = point.word.length * 7.2;
    for (const [dx, dy, anchor] of [
      [6, 4, ""],
      [-6, 4, "end"],
      [0, -7, "middle"],
      [0, 15, "middle"],
    ] as const) {
      const px = x(point.x) + dx;
      const py = y(point.y) + dy;
      const left = anchor === "end" ? px - width : anchor === "middle" ? px - width / 2 : px;
      const box = { left, top: py - 10, right: left + width, bottom: py + 2 };
      const isOutside = box.left < area.left + 2 || box.right > area.left + SIZE + 38 || box.top < area.top;
      const isTaken = taken.some(
        (other) =>
          box.left < other.right &&
          other.left < box.right &&
          box.top < other.bottom &&
          other.top < box.bottom,
      );
      if (isOutside || isTaken || box.bottom > area.top + SIZE) continue;
      taken.push(box);
      names.push(textElement(px, py, point.word, { class: `tick ${anchor}`.trim() }));
      break;
    }
  }
  return names;
}
