import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeSequence, openFile, readNpz } from "@bindscape/genome";
import { readMotifs } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { splitStudy } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { chooseSeparateWindows } from "../src/interpret/choose-windows.js";
import { interpretKernels, writeInterpretedKernels } from "../src/interpret/interpret-kernels.node.js";
import {
  expectClose,
  expectError,
  makeNetwork,
  makeStudy,
  randomCodes,
  reverseComplement,
  temporaryFolder,
  tinyOptions,
} from "./helpers.js";
import { parseStrictXml } from "./strict-xml.js";

const folder = temporaryFolder();
const SITE = "GATTACA";
const random = new Random("interpreted kernels");
const codes = randomCodes(6_000, "test chromosome");
const peaks = Array.from({ length: 40 }, (_, i) => {
  const at = 100 + 140 * i + random.integer(40);
  codes.set(i % 2 ? encodeSequence(SITE) : reverseComplement(encodeSequence(SITE)), at);
  return { chromosome: "t", start: at - 12, end: at + 20 };
});
const study = makeStudy({
  chromosomes: { a: randomCodes(500, "a"), t: codes },
  tracks: [{ name: "cuts", values: Float32Array.from({ length: 6_500 }, () => random.integer(3)) }],
  experiments: [{ factor: "F", peaks }],
  bins: { size: 20, step: 5, boundOverlap: 11 },
});
const base = makeNetwork(tinyOptions({ kernels: 3, kernelWidth: 9 }), { tracks: ["cuts"], binSize: 20 });
/** Kernels 0 and 1 fire on the site alone, the second on its other strand; kernel 2 never fires. */
const kernel = new Float32Array(3 * 5 * 9);
[...SITE].forEach((letter, k) => {
  const code = "ACGT".indexOf(letter);
  kernel[code * 9 + 1 + k] = 1;
  kernel[(5 + 3 - code) * 9 + 7 - k] = 1;
});
const parameters = new Map(base.parameters);
parameters.set("convolution.kernel", kernel);
parameters.set("convolution.bias", Float32Array.of(-6.5, -6.5, -1));
const network = { ...base, parameters };

describe("windows kernels are read on", () => {
  it("do not overlap one another, and half of them are bound where there are so many", () => {
    const splits = splitStudy(study, 60);
    const { bins, labels } = chooseSeparateWindows(study, study.experiments[0], splits, 60, 30);
    expect(bins).toHaveLength(30);
    expect(labels.reduce((sum, label) => sum + label, 0)).toBe(15);
    const starts = [...bins].map((bin) => study.bins.startOf(bin));
    for (let i = 1; i < starts.length; i++) expect(starts[i] - starts[i - 1]).toBeGreaterThanOrEqual(60);
    // More than there are: as many as fit.
    const all = chooseSeparateWindows(study, study.experiments[0], splits, 60, 10_000);
    const bound = all.labels.reduce((sum, label) => sum + label, 0);
    expect(bound).toBeGreaterThan(30);
    expect(bound).toBeLessThanOrEqual(40);
  });
});

describe("interpret kernels", () => {
  it("writes motifs, footprints and pictures that say the same", async () => {
    const found = await interpretKernels({ study, network, windows: 70, rule: "half-maximum", threads: 1 });
    expect(found).toMatchObject({ factor: "F", cell: "C", layer: 1, total: 3 });
    expect(found.kernels.map(({ index }) => index).sort()).toEqual([0, 1]);
    const [first, second] = found.alignment.rows;
    // One kernel reads the other's sites from the other strand, at the same place.
    expect(first.offset).toBe(second.offset);
    expect(first.isReversed).not.toBe(second.isReversed);
    const out = join(folder, "kernels");
    const files = await writeInterpretedKernels(found, out);
    expect(files).toHaveLength(4);

    const motifs = readMotifs(await readFile(join(out, "motifs.meme"), "utf8"), "motifs.meme");
    expect(motifs.map(({ id }) => id)).toEqual(found.kernels.map(({ index }) => `kernel_${index}`));
    motifs.forEach((motif, i) => {
      expect(motif.sites).toBe(found.kernels[i].sites);
      expectClose(motif.probabilities, found.kernels[i].probabilities, 1e-12);
      const text = Array.from({ length: 9 }, (_, k) => {
        const row = [...motif.probabilities.subarray(k * 4, k * 4 + 4)];
        return "ACGT"[row.indexOf(Math.max(...row))];
      }).join("");
      expect(text.slice(1, 8)).toBe(found.kernels[i].index === 0 ? SITE : "TGTAATC");
    });
    const file = await openFile(join(out, "footprints.npz"));
    const arrays = await readNpz(file).finally(() => file.close());
    expect(arrays.get("mean_signal/cuts")!.shape).toEqual([2, 9]);
    expectClose(
      arrays.get("mean_signal/cuts")!.data as Float64Array,
      found.kernels.flatMap(({ meanSignal }) => meanSignal.cuts),
      0,
    );
    const page = await readFile(join(out, "kernels.html"), "utf8");
    const pictures = [...page.matchAll(/<svg[\s\S]*?<\/svg>/g)];
    expect(pictures).toHaveLength(3);
    for (const [svg] of pictures) parseStrictXml(svg);
    parseStrictXml(await readFile(join(out, "alignment.svg"), "utf8"));
    expect(page).not.toMatch(/NaN|undefined/);
  });

  it("says what is wrong: unknown factors, no sites", async () => {
    await expectError(
      () => interpretKernels({ study, network, factor: "X" }),
      'no output for the factor "X"',
      "one of F",
    );
    const silent = new Map(parameters).set("convolution.bias", new Float32Array(3).fill(-9));
    await expectError(
      () => interpretKernels({ study, network: { ...base, parameters: silent }, threads: 1 }),
      "no kernel of layer 1 with ten sites",
    );
  });
});
