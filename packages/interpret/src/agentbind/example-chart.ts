import {
  formatCoordinate as at,
  colourClass,
  element,
  formatSignificant,
  group,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { logoGroup } from "@bindscape/motifs";
import type { SiteExample } from "./report-data.js";

const left = 60;
const width = 1060;
const trackHeight = 70;
const letterHeight = 62;
const letterWidth = 9;
const zoomBases = 36;

/** Scores along a window, and letters at its core and at the two stretches of context that score highest: Fig. 2c. */
export function drawSiteExample(
  { sequence, scores, core, start, chromosome }: SiteExample,
  id: string,
): string {
  const plotWidth = width - left - 10;
  const length = sequence.length;
  const x = (position: number) => left + (position / length) * plotWidth;
  const highest = Math.max(0, ...scores);
  const lowest = Math.min(0, ...scores);
  const unit = trackHeight / (highest - lowest || 1);
  const top = 22;
  const zero = top + highest * unit;
  let path = "";
  scores.forEach((score, position) => {
    if (Math.abs(score * unit) >= 0.1) path += `M${at(x(position + 0.5))} ${at(zero)}v${at(-score * unit)}`;
  });
  const zooms = chooseStretches(scores, core);
  const zoomTop = top + trackHeight + 54;
  const zoomGap = (plotWidth - zooms.length * zoomBases * letterWidth) / Math.max(1, zooms.length - 1);
  const letters = zooms.map(({ from, title }, index) => {
    const at0 = left + index * (zoomBases * letterWidth + Math.min(60, zoomGap));
    const heights = new Float64Array(zoomBases * 4);
    let up = 0;
    let down = 0;
    for (let k = 0; k < zoomBases; k++) {
      const base = "ACGT".indexOf(sequence[from + k]);
      if (base >= 0) heights[k * 4 + base] = scores[from + k];
      up = Math.max(up, base >= 0 ? scores[from + k] : 0);
      down = Math.min(down, base >= 0 ? scores[from + k] : 0);
    }
    return [
      element("rect", {
        class: "shade",
        x: x(from),
        y: top,
        width: (zoomBases / length) * plotWidth,
        height: trackHeight,
      }),
      textElement(at0, zoomTop - 8, `${title}, ${from - Math.floor(length / 2)} bp`, { class: "note" }),
      up - down > 0
        ? logoGroup(
            {
              heights,
              maximum: Math.max(up, -down * 0.01),
              showAxes: false,
              width: zoomBases * letterWidth,
              height: letterHeight,
            },
            { x: at0, y: zoomTop },
          )
        : "",
    ].join("");
  });
  const ticks = Array.from({ length: 5 }, (_, i) => Math.round((i * length) / 4));
  return svgDocument(
    {
      id,
      title: `Scores of ${chromosome}:${start}-${start + length}`,
      description: zooms.map(({ title, from }) => `${title} at ${from}`).join("; "),
    },
    width,
    zoomTop + letterHeight + 12,
    ...letters,
    element("rect", {
      class: "grid",
      x: x(core[0]),
      y: top - 2,
      width: Math.max(2, x(core[1]) - x(core[0])),
      height: trackHeight + 4,
    }),
    textElement(x((core[0] + core[1]) / 2), top - 8, "core", { class: "note middle" }),
    group({ class: colourClass("blue") }, element("path", { class: "line", d: path, "stroke-width": 1.1 })),
    element("path", {
      class: "frame",
      d: `M${at(left)} ${at(top)}v${at(trackHeight)}M${at(left)} ${at(zero)}h${at(plotWidth)}${ticks
        .map((tick) => `M${at(x(tick))} ${at(top + trackHeight)}v4`)
        .join("")}`,
    }),
    group(
      { class: "tick end" },
      textElement(left - 6, top + 4, formatSignificant(highest)),
      lowest < 0 && (highest - lowest) * unit > 30
        ? textElement(left - 6, top + trackHeight + 4, formatSignificant(lowest))
        : "",
    ),
    group(
      { class: "tick middle" },
      ...ticks.map((tick) =>
        textElement(x(tick), top + trackHeight + 17, `${tick - Math.floor(length / 2)}`),
      ),
    ),
    textElement(left + plotWidth, top + trackHeight + 31, "Distance from the core’s middle (bp)", {
      class: "axis-title end",
    }),
    textElement(12, top + trackHeight / 2, "Score", {
      class: "axis-title middle",
      transform: `rotate(-90 12 ${at(top + trackHeight / 2)})`,
    }),
  );
}

/** The core, and the two stretches elsewhere with the largest sums of scores; in order along the window. */
function chooseStretches(scores: readonly number[], core: readonly [number, number]) {
  const last = scores.length - zoomBases;
  const middle = Math.round((core[0] + core[1] - zoomBases) / 2);
  const chosen = [{ from: Math.min(last, Math.max(0, middle)), title: "Core" }];
  for (let round = 0; round < 2; round++) {
    let best = -1;
    let bestSum = 0;
    for (let from = 0; from <= last; from++) {
      if (chosen.some((one) => Math.abs(one.from - from) < zoomBases)) continue;
      let sum = 0;
      for (let k = 6; k < zoomBases - 6; k++) sum += Math.max(0, scores[from + k]);
      if (sum > bestSum) {
        best = from;
        bestSum = sum;
      }
    }
    if (best >= 0) chosen.push({ from: best, title: "Context" });
  }
  return chosen.sort((a, b) => a.from - b.from);
}
