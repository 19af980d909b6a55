import {
  formatCoordinate as at,
  colourClass,
  element,
  escapeText,
  fitText,
  group,
  svgDocument,
  textElement,
} from "@bindscape/models";
import { logoGroup } from "@bindscape/motifs";
import { findMethod } from "./methods.js";
import type { BenchmarkArchitecture, BenchmarkExample } from "./results.js";

const left = 190;
const overviewWidth = 520;
const gap = 26;
const rowHeight = 46;
const bandTop = 30;
const letterWidth = 11;
/** Bases on either side of the motif that is drawn as letters. */
const flank = 8;

/**
 * A simulated sequence as Fig. 2b of the paper has it: every method's scores along the whole sequence, motifs shaded, and
 * letters around the first TAL1 motif.
 */
export function drawExample(
  example: BenchmarkExample,
  architecture: BenchmarkArchitecture,
  id: string,
): string {
  const { sequence, motifs, scores, name } = example;
  const methods = Object.keys(scores);
  const length = sequence.length;
  const first = motifs.find(({ motif }) => motif === "TAL1") ?? motifs[0];
  const from = Math.max(0, first.start - flank);
  const to = Math.min(length, first.end + flank);
  const logoLeft = left + overviewWidth + gap;
  const width = logoLeft + (to - from) * letterWidth + 10;
  const height = bandTop + methods.length * rowHeight + 34;
  const x = (position: number) => left + (position / length) * overviewWidth;
  const bands = motifs.map(({ motif, start, end }) =>
    [
      element("rect", {
        class: "shade",
        x: x(start),
        y: bandTop - 6,
        width: Math.max(4, x(end) - x(start)),
        height: methods.length * rowHeight + 6,
      }),
      textElement((x(start) + x(end)) / 2, bandTop - 12, motif, {
        class: motif === "GATA1" ? "note middle" : "middle",
      }),
    ].join(""),
  );
  const letterBand = element("rect", {
    class: "shade",
    x: logoLeft + (first.start - from) * letterWidth,
    y: bandTop - 6,
    width: (first.end - first.start) * letterWidth,
    height: methods.length * rowHeight + 6,
  });
  const rows = methods.map((key, row) => {
    const { title, style } = findMethod(key);
    const values = scores[key];
    const top = bandTop + row * rowHeight;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const lowest = Math.min(0, ...values);
    const highest = Math.max(0, ...values);
    const unit = (rowHeight - 8) / (highest - lowest || 1);
    const zero = top + highest * unit;
    let path = "";
    values.forEach((value, position) => {
      const size = value * unit;
      // Bars lower than a tenth of a unit would not be seen.
      if (Math.abs(size) >= 0.1) path += `M${at(x(position + 0.5))} ${at(zero)}v${at(-size)}`;
    });
    const heights = new Float64Array((to - from) * 4);
    let shown = 0;
    let deepest = 0;
    for (let position = from; position < to; position++) {
      const base = "ACGT".indexOf(sequence[position]);
      if (base >= 0) heights[(position - from) * 4 + base] = values[position];
      shown = Math.max(shown, values[position]);
      deepest = Math.min(deepest, values[position]);
    }
    const logoUnit = (rowHeight - 8) / (shown - deepest || 1);
    return [
      textElement(left - 10, top + rowHeight / 2, fitText(title, left - 14, 11.5), { class: "end" }),
      element("path", { class: "grid", d: `M${at(left)} ${at(zero)}h${at(overviewWidth)}` }),
      group(
        { class: colourClass(style.colour) },
        element("title", {}, escapeText(`${title}: largest ${largest.toPrecision(3)}`)),
        element("path", { class: "line", d: path, "stroke-width": 1 }),
      ),
      element("path", {
        class: "grid",
        d: `M${at(logoLeft)} ${at(top + shown * logoUnit)}h${at((to - from) * letterWidth)}`,
      }),
      shown - deepest > 0
        ? logoGroup(
            {
              heights,
              maximum: shown > 0 ? shown : -deepest * 0.01,
              showAxes: false,
              width: (to - from) * letterWidth,
              height: rowHeight - 8,
            },
            { x: logoLeft, y: top },
          )
        : "",
    ].join("");
  });
  const bottom = bandTop + methods.length * rowHeight;
  const ticks = Array.from({ length: 5 }, (_, i) => Math.round((i * length) / 4));
  const axis = [
    element("path", {
      class: "frame",
      d: `M${at(left)} ${at(bottom)}h${at(overviewWidth)}${ticks.map((tick) => `M${at(x(tick))} ${at(bottom)}v4`).join("")}`,
    }),
    group({ class: "tick middle" }, ...ticks.map((tick) => textElement(x(tick), bottom + 16, `${tick}`))),
    textElement(left + overviewWidth / 2, bottom + 31, "Position (bp)", { class: "axis-title middle" }),
    textElement(
      logoLeft + ((to - from) * letterWidth) / 2,
      bottom + 16,
      `${first.motif} motif at ${first.start} to ${first.end}, ${flank} bp on either side`,
      { class: "note middle" },
    ),
  ];
  return svgDocument(
    {
      id,
      title: `Scores of ${name} by ${methods.length} methods on ${architecture === "danq" ? "DanQ" : "DeepSEA"}`,
      description: motifs.map(({ motif, start, end }) => `${motif} at ${start} to ${end}`).join("; "),
    },
    width,
    height,
    ...bands,
    letterBand,
    ...rows,
    ...axis,
  );
}
