import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openBigWig, openFile, readNpz } from "@bindscape/genome";
import { predictWindows } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { WindowMaker } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import {
  expectClose,
  expectError,
  makeNetwork,
  makeStudy,
  randomCodes,
  temporaryFolder,
  tinyOptions,
} from "../../models/test/helpers.js";
import { naiveFactorNet } from "../../models/test/naive-factornet.js";
import { parseStrictXml } from "../../models/test/strict-xml.js";
import { findSaliency } from "../src/regions/region-saliency.node.js";
import { writeSaliency } from "../src/regions/write-saliency.node.js";

const folder = temporaryFolder();
const random = new Random("saliency");
const codes = randomCodes(600, "saliency");
codes.fill(4, 210, 213);
const TRACKS = ["cuts_fwd", "cuts_rev"];
const tracks = TRACKS.map((name) => ({
  name,
  values: Float32Array.from({ length: codes.length }, () => Math.fround(Math.log1p(random.integer(4)))),
  log: true,
}));
const study = makeStudy({
  chromosomes: { a: codes },
  tracks,
  bins: { size: 20, step: 10, boundOverlap: 11 },
});
const options = tinyOptions({ recurrent: 2 });
const tasks = ["F", "G"].map((factor) => ({ factor, cell: "C" }));
const network = makeNetwork(options, { tracks: TRACKS, binSize: 20 }, { tasks }, 5);
const source = await study.loadCell("C");
const find = (...regions: [number, number][]) =>
  findSaliency(
    network,
    study,
    "C",
    regions.map(([start, end]) => ({ chromosome: "a", start, end })),
    1,
    { threads: 1 },
  );

describe("saliency", () => {
  it("is the gradient of the task's output through both strands: central differences in doubles", async () => {
    const [found] = await find([180, 240]);
    expect(found.windows).toBe(1);
    const request = { segmentIndices: Uint32Array.of(0), binStarts: Int32Array.of(200) };
    const { windows } = new WindowMaker(source, network.file.plan).fill(request);
    const run = (input: Float32Array) =>
      naiveFactorNet(options, TRACKS, 2, network.parameters, input, null)[1];
    expect(found.probability).toBeCloseTo(run(windows), 6);
    const direct = await predictWindows(network, source, request, { threads: 1 });
    expect(found.probability).toBeCloseTo(direct[1], 6);
    const step = 2 ** -12;
    let largest = 0;
    for (let channel = 0; channel < 6; channel++) {
      for (let at = 0; at < 60; at++) {
        const moved = (by: number) => {
          const copy = windows.slice();
          copy[channel * 60 + at] += by;
          return run(copy);
        };
        const difference = (moved(step) - moved(-step)) / (2 * step);
        const gradient =
          channel < 4 ? found.gradient[at * 4 + channel] : found.tracks[channel - 4].gradient[at];
        expect(Math.abs(gradient - difference), `channel ${channel} at ${at}`).toBeLessThan(2e-5);
        largest = Math.max(largest, Math.abs(difference));
      }
    }
    expect(largest).toBeGreaterThan(0.01);
  });

  it("takes the gradient at the base that is there, 0 for N, and the signal as measured", async () => {
    const [found] = await find([205, 225]);
    for (let at = 0; at < 20; at++) {
      const code = codes[205 + at];
      expect(found.codes[at]).toBe(code);
      expect(found.gradientTimesInput[at]).toBe(code < 4 ? found.gradient[at * 4 + code] : 0);
      found.tracks.forEach(({ signal }, t) => {
        expect(signal[at]).toBeCloseTo(Math.expm1(tracks[t].values[205 + at]), 5);
      });
    }
    expect(found.gradient.some((value) => value !== 0)).toBe(true);
  });

  it("averages a long region over the windows of bins end to end", async () => {
    const [long] = await find([300, 430]);
    // 6 whole bins, and a last one that ends with the region.
    const bins = [300, 320, 340, 360, 380, 400, 410];
    expect(long.windows).toBe(bins.length);
    const single = await find(...bins.map((bin): [number, number] => [bin - 20, bin + 40]));
    expect(single.every(({ windows }) => windows === 1)).toBe(true);
    for (let at = 300; at < 430; at++) {
      for (let base = 0; base < 4; base++) {
        const values = single.flatMap(({ region, gradient }) =>
          at >= region.start && at < region.end ? [gradient[(at - region.start) * 4 + base]] : [],
        );
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(Math.abs(long.gradient[(at - 300) * 4 + base] - mean)).toBeLessThan(1e-7);
      }
    }
    expect(long.probability).toBeCloseTo(Math.max(...single.map(({ probability }) => probability)), 6);
  });

  it("reaches to the ends of the sequence", async () => {
    const [whole] = await find([0, 600]);
    expect(whole.windows).toBe(30);
    expect([...whole.gradient].every(Number.isFinite)).toBe(true);
    const [first] = await find([0, 20]);
    expect([...first.gradient].some((value) => value !== 0)).toBe(true);
  });

  it("is refused for a network without sequence, which has none", async () => {
    const blind = makeNetwork(
      tinyOptions({ sequence: false }),
      { tracks: TRACKS, binSize: 20, sequence: false },
      { tasks },
    );
    await expectError(
      () => findSaliency(blind, study, "C", [{ chromosome: "a", start: 200, end: 220 }], 0),
      "cuts_fwd, cuts_rev without the sequence",
      "interpret kernels",
    );
  });

  it("refuses what the genome does not hold", async () => {
    await expectError(() => find([590, 610]), "the region a:590-610", "inside the sequence");
    await expectError(
      () => findSaliency(network, study, "C", [{ chromosome: "z", start: 0, end: 9 }], 0),
      "z:0-9",
      "Name one of a",
    );
  });
});

describe("files of saliency", () => {
  const write = async (name: string, positiveOnly: boolean) => {
    const found = await find([200, 240], [220, 260], [500, 520]);
    const files = await writeSaliency(found, join(folder, name), {
      study,
      factor: "G",
      cell: "C",
      network,
      positiveOnly,
    });
    expect(files).toHaveLength(3);
    return found;
  };

  it("writes a base an interval to the bigWig, the mean where regions overlap", async () => {
    const found = await write("plain", false);
    const { reader, close } = await openBigWig(join(folder, "plain", "saliency.bw"));
    const values = await reader.readValues("a", 0, 600);
    close();
    for (let at = 0; at < 600; at++) {
      const own = found.flatMap(({ region, gradientTimesInput }) =>
        at >= region.start && at < region.end ? [gradientTimesInput[at - region.start]] : [],
      );
      if (own.length === 0) expect(values[at]).toBeNaN();
      else expect(values[at]).toBeCloseTo(own.reduce((sum, value) => sum + value, 0) / own.length, 7);
    }
    expect(values.some((value) => value < 0)).toBe(true);
  });

  it("counts negative gradients as 0 in the track when asked to, and keeps them in the npz", async () => {
    const found = await write("positive", true);
    const { reader, close } = await openBigWig(join(folder, "positive", "saliency.bw"));
    const values = await reader.readValues("a", 500, 520);
    close();
    expectClose(
      values,
      found[2].gradientTimesInput.map((value) => Math.max(0, value)),
      0,
    );
    const file = await openFile(join(folder, "positive", "saliency.npz"));
    const arrays = await readNpz(file).finally(() => file.close());
    expect(arrays.get("a:500-520/gradient")!.shape).toEqual([20, 4]);
    expectClose(arrays.get("a:500-520/gradient")!.data as Float32Array, found[2].gradient, 0);
    expectClose(
      arrays.get("a:220-260/signal_gradient/cuts_rev")!.data as Float32Array,
      found[1].tracks[1].gradient,
      0,
    );
  });

  it("draws every region in well-formed markup, by letters on one scale", async () => {
    await write("page", false);
    const page = await readFile(join(folder, "page", "saliency.html"), "utf8");
    expect(page).toContain("a:500-520");
    const pictures = [...page.matchAll(/<svg[\s\S]*?<\/svg>/g)];
    expect(pictures).toHaveLength(9);
    for (const [svg] of pictures) parseStrictXml(svg);
    expect(page).not.toContain("NaN");
    expect(page).not.toContain("gradients do not pass");
  });
});
