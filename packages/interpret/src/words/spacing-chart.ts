import {
  formatCoordinate as at,
  bottomAxis,
  type ChartIdentity,
  colourClass,
  element,
  group,
  leftAxis,
  type PlotArea,
  placeTicks,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { scaleLinear } from "d3-scale";
import { OFFSET_CLASS, type SpacingProfile, type WordSpacing } from "./word-spacing.js";

const WIDTH = 300;
const HALF = 62;

/**
 * Where a word's top windows stand to the core: those that read it on the core's strand above the axis, those on the
 * other strand below, and as a line what the windows of all words would make of it.
 */
export function drawSpacingChart(
  identity: ChartIdentity,
  spacing: WordSpacing,
  { firstOffset, available, top }: SpacingProfile,
): string {
  // Classes that sequences reach.
  const reached = [...available.keys()].filter((i) => available[i] > 0);
  const [first, last] = [reached[0], reached[reached.length - 1]];
  const area: PlotArea = { left: 52, top: 8, width: WIDTH, height: 2 * HALF };
  const offsets = [firstOffset + first * OFFSET_CLASS, firstOffset + (last + 1) * OFFSET_CLASS];
  const x = scaleLinear(offsets, [area.left, area.left + WIDTH]);
  const total = spacing.forward + spacing.reverse;
  const allTop = top.reduce((sum, value) => sum + value, 0);
  const expected = (i: number) => (top[i] / Math.max(1, allTop)) * (total / 2);
  let most = 1;
  for (let i = first; i <= last; i++)
    most = Math.max(most, spacing.forwardCounts[i], spacing.reverseCounts[i], expected(i));
  const y = scaleLinear([-most, most], [area.top + 2 * HALF, area.top]);
  const bars = (counts: Uint32Array, sign: 1 | -1) => {
    let d = "";
    for (let i = first; i <= last; i++) {
      if (counts[i] === 0) continue;
      const left = x(firstOffset + i * OFFSET_CLASS);
      const right = x(firstOffset + (i + 1) * OFFSET_CLASS);
      d += `M${at(left)} ${at(y(0))}V${at(y(sign * counts[i]))}H${at(right)}V${at(y(0))}z`;
    }
    return d;
  };
  const line = (sign: 1 | -1) => {
    let d = "";
    for (let i = first; i <= last; i++) {
      d += `${i === first ? "M" : "L"}${at(x(firstOffset + (i + 0.5) * OFFSET_CLASS))} ${at(y(sign * expected(i)))}`;
    }
    return d;
  };
  const tick = y.ticks(4).filter((value) => Number.isInteger(value));
  return svgDocument(
    identity,
    area.left + WIDTH + 12,
    area.top + 2 * HALF + 42,
    leftAxis(
      area,
      placeTicks(tick, y, (value) => `${Math.abs(value)}`),
      "top windows",
    ),
    group(
      { class: colourClass("blue") },
      element("path", { class: "solid", d: bars(spacing.forwardCounts, 1) }),
    ),
    group(
      { class: colourClass("vermillion") },
      element("path", { class: "solid", d: bars(spacing.reverseCounts, -1) }),
    ),
    group(
      { class: colourClass("ink") },
      element("path", { class: "line", d: line(1) + line(-1), "stroke-width": 1 }),
    ),
    element("path", { class: "frame", d: `M${at(area.left)} ${at(y(0))}h${WIDTH}` }),
    bottomAxis(area, placeTicks(x.ticks(5), x), "offset from the core (bp, on its strand)", false),
    textElement(area.left + 4, area.top + 11, "core's strand", { class: "note" }),
    textElement(area.left + 4, area.top + 2 * HALF - 5, "other strand", { class: "note" }),
  );
}
