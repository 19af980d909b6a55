import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { measureSignalInPeaks } from "../src/compare/signal-in-peaks.js";
import { makeStudy, randomCodes } from "./helpers.js";

describe("signal in peaks", () => {
  it("counts each base in any peak once, as a mask of the genome does", async () => {
    const random = new Random("frip");
    const raw = Float64Array.from({ length: 900 }, () => random.integer(5));
    const study = makeStudy({
      chromosomes: { a: randomCodes(500, 1), b: randomCodes(400, 2) },
      tracks: [
        { name: "plain", values: raw },
        { name: "log", values: raw.map(Math.log1p), log: true },
        { name: "none", values: new Float32Array(900) },
      ],
    });
    const peaks = Array.from({ length: 12 }, () => {
      const chromosome = random.integer(2) ? "a" : "b";
      const start = random.integer(380);
      // Some reach beyond the end of their chromosome, and many overlap.
      return { chromosome, start, end: start + 1 + random.integer(120) };
    });
    peaks.push({ chromosome: "elsewhere", start: 0, end: 100 });
    const inside = new Uint8Array(900);
    for (const { chromosome, start, end } of peaks) {
      for (let at = start; at < end; at++) {
        if (chromosome === "a" && at < 500) inside[at] = 1;
        if (chromosome === "b" && at < 400) inside[500 + at] = 1;
      }
    }
    const total = raw.reduce((sum, value) => sum + value, 0);
    const inPeaks = raw.reduce((sum, value, i) => sum + (inside[i] ? value : 0), 0);
    const [plain, log, none] = await measureSignalInPeaks(await study.loadCell("C"), peaks);
    expect(plain).toEqual({ track: "plain", total, inPeaks, fraction: inPeaks / total });
    expect(log.fraction).toBeCloseTo(inPeaks / total, 6);
    expect(none.fraction).toBeNaN();
    const [nothing] = await measureSignalInPeaks(await study.loadCell("C"), []);
    expect(nothing.fraction).toBe(0);
  });
});
