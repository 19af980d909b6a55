import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chartStyleSheet, themeStyleSheet } from "../src/charts/chart-style.js";
import { drawDotPlot } from "../src/charts/dot-plot.js";
import { drawHeatStrip } from "../src/charts/heat-strip.js";
import { drawLogHistogram, histogramMargin } from "../src/charts/histogram.js";
import { drawLineChart, lineChartMargin, thinPath } from "../src/charts/line-chart.js";
import { binColumns, drawLocusChart, locusMargin } from "../src/charts/locus-chart.js";
import {
  formatCount,
  formatFixed,
  formatPercent,
  formatShortCount,
  formatSignificant,
  tickFormatter,
} from "../src/charts/number-format.js";
import { chartTheme, methodStyle, networkStyle } from "../src/charts/palette.js";
import { element, escapeText, fitText, formatCoordinate } from "../src/charts/svg.js";
import { parseStrictXml } from "./strict-xml.js";

const identity = { id: "x", title: "A title", description: "A description" };
const solid = methodStyle("model", []);

describe("svg text", () => {
  it("escapes for content and attributes and keeps XML well-formed for any text", () => {
    expect(escapeText(`<a b="c">&'`)).toBe("&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
    expect(escapeText("a\u0000b\ud800c")).toBe("a\ufffdb\ufffdc");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        parseStrictXml(element("g", { "data-a": text }, escapeText(text)));
      }),
    );
  });

  it("refuses coordinates that are no numbers and rounds the others to a tenth", () => {
    expect(formatCoordinate(1.26)).toBe("1.3");
    expect(formatCoordinate(-0.01)).toBe("0");
    expect(() => formatCoordinate(Number.NaN)).toThrow(/finite number/);
  });

  it("cuts text that does not fit and leaves text that does", () => {
    expect(fitText("short", 100, 12)).toBe("short");
    const cut = fitText("a rather long label", 60, 12);
    expect(cut.endsWith("…")).toBe(true);
    expect(cut.length).toBeLessThanOrEqual(9);
  });
});

describe("numbers", () => {
  it("groups, signs and rounds", () => {
    expect(formatCount(1234567)).toBe("1\u202f234\u202f567");
    expect(formatCount(1234)).toBe("1234");
    expect(formatFixed(-0.0004, 3)).toBe("0.000");
    expect(formatFixed(-12345.25, 1)).toBe("\u221212\u202f345.3");
    expect(formatSignificant(0.012345)).toBe("0.0123");
    expect(formatSignificant(1.2e-7)).toBe("1.2e\u22127");
    expect(formatPercent(0.00618)).toBe("0.62\u202f%");
    expect(formatShortCount(10000)).toBe("10k");
    expect(formatCount(Number.NaN)).toBe("n/a");
  });

  it("gives all ticks of an axis the same decimals", () => {
    expect([0, 0.25, 0.5].map(tickFormatter([0, 0.25, 0.5]))).toEqual(["0.00", "0.25", "0.50"]);
    expect([404, 405].map(tickFormatter([404, 405]))).toEqual(["404", "405"]);
  });
});

describe("line chart", () => {
  const chart = drawLineChart({
    ...identity,
    x: { title: "Recall (fraction)", domain: [0, 1] },
    y: { title: "Precision (fraction)", domain: [0, 1] },
    series: [{ label: "one", x: [0, 0.5, 1], y: [0, 0.25, 1], style: solid }],
    plotWidth: 300,
    plotHeight: 200,
  });

  it("puts known points at known coordinates", () => {
    const { left, top } = lineChartMargin;
    expect(chart).toContain(`d="M${left},${top + 200}L${left + 150},${top + 150}L${left + 300},${top}"`);
  });

  it("has a name, a description, titled axes and is well-formed", () => {
    parseStrictXml(chart);
    expect(chart).toContain(
      '<title id="x-title">A title</title><desc id="x-description">A description</desc>',
    );
    expect(chart).toContain("Recall (fraction)");
    expect(chart).toContain("Precision (fraction)");
  });

  it("interrupts a line where a value is missing", () => {
    const gap = drawLineChart({
      ...identity,
      x: { title: "x", domain: [0, 4] },
      y: { title: "y", domain: [0, 1] },
      series: [{ label: "one", x: [0, 1, 2, 3, 4], y: [0, 1, Number.NaN, 1, 0], style: solid }],
    });
    const path = /<path class="line" d="(M[^"]*)" stroke-width="2.4"><title>/.exec(gap)?.[1] ?? "";
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it("thins without losing ends or straying", () => {
    const points = Array.from({ length: 5000 }, (_, index): [number, number] => [
      index / 50,
      Math.sin(index / 300) * 40,
    ]);
    const thin = thinPath(points) as [number, number][];
    expect(thin.length).toBeLessThan(1300);
    expect(thin[0]).toEqual(points[0]);
    expect(thin.at(-1)).toEqual(points.at(-1));
    for (const point of points) {
      expect(Math.min(...thin.map((one) => Math.hypot(one[0] - point[0], one[1] - point[1])))).toBeLessThan(
        0.34,
      );
    }
  });
});

describe("histogram", () => {
  it("draws counts as steps on a logarithmic axis", () => {
    const chart = drawLogHistogram({
      ...identity,
      edges: [0, 0.5, 1],
      series: [{ label: "all", counts: [1000, 0], style: solid }],
      xTitle: "Score",
      yTitle: "Count",
      plotWidth: 200,
      plotHeight: 100,
    });
    parseStrictXml(chart);
    const { left, top } = histogramMargin;
    // The axis runs from 0.5 to 10 000; 1000 lies log(2000) / log(20000) of the way up.
    const y = top + 100 * (1 - Math.log(2000) / Math.log(20000));
    expect(chart).toContain(
      `d="M${left} ${top + 100}V${formatCoordinate(y)}H${left + 100}V${top + 100}H${left + 200}V${top + 100}"`,
    );
  });
});

describe("locus chart", () => {
  const locus = {
    ...identity,
    chromosome: "chrIV",
    start: 1000,
    end: 3000,
    tracks: [
      {
        label: "ATAC",
        unit: "cuts per bp",
        colour: "green" as const,
        values: [0, 10, null, 5],
        domain: [0, 10] as const,
      },
    ],
    peaks: [{ start: 1500, end: 2000, relaxed: false }],
    sites: [],
    width: 400 + locusMargin.left + locusMargin.right,
  };

  it("puts a peak and the values of a track where they belong", () => {
    const chart = drawLocusChart(locus);
    parseStrictXml(chart);
    const left = locusMargin.left;
    expect(chart).toMatch(new RegExp(`<rect class="solid" x="${left + 100}" y="[\\d.]+" width="100"`));
    // Four values of 100 units each, drawn at their middles; the track is 56 high with its foot at 4 + 18 + 56.
    expect(chart).toContain(`d="M${left + 50} 78V78l100-56V78zM${left + 350} 78V50V78z"`);
    expect(chart).toContain("chrIV position (kb)");
    expect(chart).toContain("ATAC (cuts per bp)");
  });

  it("follows a long track to the end without drifting", () => {
    const values = Array.from({ length: 333 }, (_, index) => 10 * Math.abs(Math.sin(index)));
    const chart = drawLocusChart({ ...locus, tracks: [{ ...locus.tracks[0], values }] });
    const path = /class="profile" d="([^"]*)"/.exec(chart)?.[1] ?? "";
    const start = /^M([\d.]+) 78V([\d.]+)/.exec(path)!;
    let x = Number(start[1]);
    let y = Number(start[2]);
    for (const step of path.matchAll(/l(-?[\d.]*\d)( ?-?[\d.]*\d)/g)) {
      x += Number(step[1]);
      y += Number(step[2]);
    }
    // More values than columns of 1.5 units: the last column holds the largest of the last values.
    const columns = binColumns(values, Math.round(400 / 1.5));
    expect(x).toBeCloseTo(locusMargin.left + (400 * (columns.length - 0.5)) / columns.length, 0);
    expect(y).toBeCloseTo(78 - 5.6 * columns.at(-1)!, 0);
  });

  it("keeps the highest value of a column", () => {
    expect(binColumns([0, 9, 1, 0, null, null, 2, -3], 4)).toEqual([9, 1, null, -3]);
    expect(binColumns([1, Number.NaN], 5)).toEqual([1, null]);
  });
});

describe("dot plot and heat strip", () => {
  it("marks a value at its place and says what is missing", () => {
    const plot = drawDotPlot({
      ...identity,
      xTitle: "auPR (fraction)",
      domain: [0, 1],
      series: [{ label: "model", style: solid }],
      rows: [
        { label: "Reb1", values: [0.5] },
        { label: "Abf1", values: [Number.NaN] },
      ],
      plotWidth: 200,
    });
    parseStrictXml(plot);
    expect(plot).toContain('cx="176" cy="20"');
    expect(plot).toContain("n/a");
    expect(plot).toContain("Reb1, model: 0.500");
  });

  it("colours cells by value and leaves gaps", () => {
    const strip = drawHeatStrip({
      values: [0, null, 1],
      domain: [0, 1],
      left: 0,
      top: 0,
      width: 30,
      height: 10,
      colour: "green",
      label: "s",
    });
    parseStrictXml(strip);
    expect(strip).toContain('d="M20 0h10v10h-10z" fill-opacity="1"');
    expect(strip.match(/fill-opacity/g)).toHaveLength(1);
  });
});

describe("looks", () => {
  const luminance = (hex: string) => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string) => {
    const [low, high] = [luminance(a), luminance(b)].sort((one, other) => one - other);
    return (high + 0.05) / (low + 0.05);
  };

  it.each(["light", "dark"] as const)("keeps contrast on %s", (mode) => {
    const theme = chartTheme[mode];
    for (const [name, colour] of Object.entries(theme)) {
      if (name.startsWith("--series-"))
        expect(contrast(colour, theme["--chart-surface"]), name).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(theme["--chart-ink"], theme["--chart-surface"])).toBeGreaterThanOrEqual(7);
    expect(contrast(theme["--chart-muted"], theme["--chart-surface"])).toBeGreaterThanOrEqual(4.5);
  });

  it("gives methods and networks styles that differ in more than colour", () => {
    const methods = ["model", "pwm", "signal", "regression", "signal-1kb", "other"];
    const looks = methods.map((method) => {
      const { dash, marker } = methodStyle(method, methods);
      return `${dash} ${marker}`;
    });
    expect(new Set(looks).size).toBe(methods.length);
    expect(new Set([0, 1, 2, 3, 4].map((index) => networkStyle(index).marker)).size).toBe(5);
    expect(methodStyle("toString", ["toString"]).colour).toBe("orange");
  });

  it("defines every colour that the chart rules use", () => {
    const used = [...chartStyleSheet().matchAll(/var\((--[\w-]+)\)/g)].map((match) => match[1]);
    const sheet = themeStyleSheet();
    for (const name of new Set(used)) expect(sheet).toContain(`${name}:`);
  });
});
