import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findBest } from "../src/report/metric-format.js";
import { renderReport } from "../src/report/render-report.js";
import type { ReportData } from "../src/report/report-data.js";
import { makeEmptyFactor, makeReportData } from "./report-fixture.js";
import { parseStrictXml } from "./strict-xml.js";

function pictures(html: string): string[] {
  return html.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
}

/** The text a reader may meet: everything but tags, with the accessible names. */
function checkSound(html: string): void {
  expect(html).not.toMatch(/NaN|undefined|Infinity|\[object|\bnull\b/);
  for (const picture of pictures(html)) parseStrictXml(picture);
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of html.matchAll(/(?:href="#|aria-labelledby="|aria-describedby=")([^"]*)"/g)) {
    expect(ids).toContain(target);
  }
}

describe("report", () => {
  const data = makeReportData();
  const html = renderReport(data);

  it("is sound: no stray values, well-formed pictures, unique ids, links that lead somewhere", () => {
    checkSound(html);
  });

  it("is one file that asks for nothing and runs nothing", () => {
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base)\b/i);
    expect(html).not.toMatch(/\b(src|srcset|data)="/);
    expect(html).not.toMatch(/url\(|@import|\son\w+="/);
    const addresses = [...html.matchAll(/https?:\/\/[^"'\s<)]*/g)].map((match) => match[0]);
    expect(new Set(addresses)).toEqual(new Set(["http://www.w3.org/2000/svg"]));
    expect(html.startsWith("<!doctype html>")).toBe(true);
  });

  it("stays small with eight factors", () => {
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
  });

  it("says everything about every factor", () => {
    for (const factor of data.factors) {
      expect(html).toContain(`>${factor.factor} <span class="muted">in BY4741</span></h2>`);
      for (const picture of [
        "ROC curves",
        "Precision-recall curves",
        "Learning curves",
        "Scores of bound and unbound bins",
      ]) {
        expect(html).toContain(`>${picture} of ${factor.factor}</title>`);
      }
      for (const method of factor.methods) expect(html).toContain(`>${method.pooled.auprc.toFixed(3)}<`);
      for (const locus of factor.loci) expect(html).toContain(`${locus.chromosome} position (kb)`);
      expect(html).toContain(`seeded from MA0363.2 ${factor.factor.toUpperCase()}`);
    }
    expect(pictures(html).filter((one) => one.includes('id="overview-'))).toHaveLength(2);
    // Two pictures of every locus: a broad and a narrow one.
    expect(pictures(html).filter((one) => /id="[^"]*-locus-\d/.test(one))).toHaveLength(
      data.factors.length * 6,
    );
    expect(pictures(html).filter((one) => /id="[^"]*-kernel-\d/.test(one))).toHaveLength(
      data.factors.length * 8,
    );
    for (const { label, value } of data.facts) expect(html).toContain(`<dt>${label}</dt><dd>${value}</dd>`);
    expect(html).toContain(data.notice);
    expect(html).toContain(data.citation);
  });

  it("titles axes with units", () => {
    for (const title of [
      "False positive rate (fraction of unbound bins)",
      "Precision (fraction of called bins)",
      "Training time (epochs)",
      "Loss, binary cross-entropy (nats per bin)",
      "Model score (predicted probability)",
      "Bins per class (count, log scale)",
      "ATAC (cuts per bp)",
      "FactorNet prediction (probability)",
      "Position in the kernel (bp)",
      ">bits<",
    ]) {
      expect(html).toContain(title);
    }
  });

  it("draws the prevalence as the baseline of precision and recall", () => {
    const { bound, unbound } = data.factors[0].bins;
    const share = bound / (bound + unbound);
    const picture = pictures(html).find((one) => one.includes("Precision-recall curves of Reb1"))!;
    expect(picture).toContain(`>${share.toFixed(3)}</text>`);
    const y = (10 + 236 * (1 - share)).toFixed(1);
    expect(picture).toContain(`d="M72,${y}L380,${y}"`);
  });

  it("marks the best epoch of every network", () => {
    const factor = data.factors[2];
    expect(factor.histories).toHaveLength(3);
    for (const history of factor.histories) expect(html).toContain(`>epoch ${history.bestEpoch}: `);
  });

  it("escapes every text", () => {
    const evil = `</style><script>alert("x")</script>&'`;
    const isName = (key: string) => key === "perChromosome" || key === "meanSignal";
    const taintKeys = (value: object) =>
      Object.fromEntries(Object.entries(value).map(([key, inner]) => [key + evil, inner]));
    const taint = (value: unknown, key = ""): unknown => {
      if (key === "kind" || key === "strand") return value;
      if (typeof value === "string") return value + evil;
      if (Array.isArray(value)) return value.map((inner) => taint(inner));
      if (value === null || typeof value !== "object") return value;
      if (isName(key)) return taintKeys(value);
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, taint(inner, name)]));
    };
    const tainted = renderReport(taint(makeReportData({ factors: ["Reb1"], bins: 200 })) as ReportData);
    expect(tainted).not.toContain("<script");
    expect(tainted.match(/<\/style>/g)).toHaveLength(1);
    checkSound(tainted);
  });
});

describe("report with little to show", () => {
  it("says n/a and why, and draws no empty picture", () => {
    const base = makeReportData({ factors: ["Reb1"], bins: 300 });
    const html = renderReport({ ...base, factors: [...base.factors, makeEmptyFactor()] });
    checkSound(html);
    expect(html).toContain("n/a: no bin of the evaluated chromosomes is bound.");
    expect(html).toContain("Nothing: n/a because no bin of the evaluated chromosomes is bound.");
    for (const reason of [
      "No ROC curve",
      "No precision-recall curve",
      "No learning curve",
      "No score distribution",
      "No locus",
      "No kernel",
    ]) {
      expect(html).toContain(reason);
    }
  });

  it("draws one epoch, and a report without factors, facts or notice", () => {
    const single = renderReport(makeReportData({ factors: ["Reb1"], bins: 200, epochs: 1, networks: 2 }));
    checkSound(single);
    expect(single).toContain("Only one epoch was trained");
    expect(single).toContain("filled: validation; open: training");
    const empty = renderReport({
      ...makeReportData({ factors: [] }),
      facts: [],
      departures: [],
      notice: null,
      citation: "",
    });
    checkSound(empty);
    expect(empty).toContain("No factor was evaluated.");
    expect(empty).not.toContain('role="note"');
  });

  it("survives any number being missing, as JSON leaves it or as computed", () => {
    const base = makeReportData({
      factors: ["Abf1"],
      bins: 60,
      epochs: 2,
      networks: 2,
      tracks: ["a", "b", "c"],
    });
    const text = JSON.stringify(base, (_, value) =>
      Array.isArray(value) && value.length > 12 && typeof value[0] === "number" && value.length !== 104
        ? value.slice(0, 12)
        : value,
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 0, max: 39 }),
        fc.constantFrom(null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1),
        (every, phase, replacement) => {
          let seen = 0;
          const broken = JSON.parse(text, (_, value) =>
            typeof value === "number" && seen++ % every === phase % every ? replacement : value,
          );
          checkSound(renderReport(broken));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("best of a column", () => {
  it("marks all values that print the same, skips the ceiling and lone values", () => {
    expect(findBest([0.9001, 0.8, 0.9002, 0.99], [true, true, true, false])).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(findBest([0.9, Number.NaN, 0.99], [true, true, false])).toEqual([false, false, false]);
  });
});
