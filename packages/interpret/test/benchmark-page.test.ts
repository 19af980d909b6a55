import { describe, expect, it } from "vitest";
import { renderBenchmark } from "../src/benchmark/benchmark-page.js";
import { checkPublishedOrdering } from "../src/benchmark/published-ordering.js";
import {
  benchmarkMetrics,
  formatBenchmarkTable,
  readCurve,
  rocGrid,
  summariseRuns,
} from "../src/benchmark/results.js";
import { fakePlan, fakeRun } from "./benchmark-fakes.js";

const runs = [1, 2, 3].flatMap((seed) => [fakeRun("danq", seed), fakeRun("deepsea", seed)]);

describe("the results of the benchmark", () => {
  it("are averaged over networks with intervals", () => {
    const rows = summariseRuns(runs);
    const row = rows.find((one) => one.architecture === "deepsea" && one.method === "ism")!;
    const values = runs
      .filter(({ architecture }) => architecture === "deepsea")
      .map(({ methods }) => methods.find(({ method }) => method === "ism")!.metrics!.accuracy);
    const mean = values.reduce((sum, value) => sum + value) / 3;
    expect(row.metrics.accuracy.mean).toBeCloseTo(mean, 12);
    // Student's t of two degrees of freedom: 4.3027.
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
    expect(row.metrics.accuracy.high - mean).toBeCloseTo((4.30265 * deviation) / Math.sqrt(3), 6);
    expect(row.recall).toHaveLength(rocGrid.length);
    const naive = rows.find(({ method }) => method === "ism-naive")!;
    expect(naive.metrics.accuracy.mean).toBeNaN();
    expect(naive.metrics.secondsPerSequence.mean).toBeGreaterThan(1);
  });

  it("stand in a table with a column a number", () => {
    const lines = formatBenchmarkTable(summariseRuns(runs)).trimEnd().split("\n");
    expect(lines).toHaveLength(1 + 2 * 9);
    for (const line of lines) expect(line.split("\t")).toHaveLength(3 + 3 * benchmarkMetrics.length);
    expect(lines[2].split("\t").slice(0, 3)).toEqual(["danq", "ism-naive", "3"]);
    expect(lines[2]).toContain("\tNA\tNA\tNA");
  });

  it("are held against what was published", () => {
    const checks = checkPublishedOrdering(runs);
    expect(checks).toHaveLength(2 + 4);
    const find = (text: string) =>
      checks.find((check) => check.architecture === "deepsea" && check.statement.includes(text))!;
    expect(find("single bases best").verdict).toBe("holds");
    expect(find("orders of magnitude").verdict).toBe("holds");
    expect(find("orders of magnitude").evidence).toMatch(/mutagenesis (9|1\d\d|9\d)/);
    expect(find("more motif instances").verdict).toBe("holds");
    expect(find("sharper").verdict).toBe("holds");
    // Turned round, the same numbers say the opposite; one network says nothing.
    const turned = runs.map((run) => ({
      ...run,
      methods: run.methods.map((result) => ({
        ...result,
        metrics: result.metrics && { ...result.metrics, accuracy: -result.metrics.accuracy },
      })),
    }));
    expect(
      checkPublishedOrdering(turned).find(({ statement }) => statement.includes("sharper"))!.verdict,
    ).toBe("does not hold");
    expect(checkPublishedOrdering(runs.slice(0, 1))[0].verdict).toBe("undecided");
  });

  it("read curves between their points", () => {
    const recall = readCurve({ falsePositiveRate: [0, 0, 0.2, 1], recall: [0, 0.5, 0.7, 1] });
    expect(recall[0]).toBe(0.5);
    expect(recall[rocGrid.indexOf(0.1)]).toBeCloseTo(0.6, 12);
    expect(recall.at(-1)).toBe(1);
  });

  it("make a page with every method, metric and example", () => {
    const page = renderBenchmark(fakePlan, runs);
    for (const text of [
      "DeepLIFT, reveal-cancel (DeepLIFT)",
      "naive",
      "Signal to noise",
      "example-deepsea",
      "roc-danq",
    ])
      expect(page).toContain(text);
    expect(page).not.toContain("NaN");
    expect(page).not.toContain("undefined");
    expect(renderBenchmark(fakePlan, [{ ...runs[0], testAuroc: 0.8 }])).toContain("below 0.95");
  });
});
