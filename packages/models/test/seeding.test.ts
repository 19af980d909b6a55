import { encodeSequence } from "@bindscape/genome";
import { adam, glorotUniform, nodeRuntime, Predictor, TrainingStep } from "@bindscape/gradient";
import type { Motif } from "@bindscape/motifs";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { buildFactorNet } from "../src/architectures/factornet/build.js";
import type { FactorNetOptions } from "../src/architectures/factornet/options.js";
import { seededBiases, seededConvolution, seededKernels } from "../src/architectures/factornet/seeding.js";
import {
  expectClose,
  makeContext,
  makeMotif,
  randomCodes,
  reverseComplement,
  tinyOptions,
} from "./helpers.js";

/** Log-odds of a site as the published script's -mo has it: log2((p + 0.001) / 0.25), added up. */
function logOdds(motif: Motif, site: Uint8Array, firstRow = 0): number {
  return site.reduce(
    (sum, code, k) => sum + Math.log2((motif.probabilities[(firstRow + k) * 4 + code] + 0.001) / 0.25),
    0,
  );
}

const A = makeMotif("A", "GATTACA");
const B = makeMotif("B", "CCGT", 0.7);
const WIDE = makeMotif("WIDE", "AACCGGTTAC", 0.85);
// Its first two and its last column say nothing: the most informative stretch of 7 starts at row 2.
WIDE.probabilities.fill(0.25, 0, 8);
WIDE.probabilities.fill(0.25, 36, 40);

/** First values of a convolution with two tracks. */
function startKernels(options: FactorNetOptions, motifs: (Motif | null)[]) {
  const context = makeContext({ tracks: ["t", "u"] }, { motifs });
  const shape = [options.kernels, 6, options.kernelWidth];
  const values = seededConvolution(options, context, 6)(shape, new Random(3));
  const biases = seededBiases(options, context, 6)(shape.slice(0, 1), new Random(3));
  const at = (kernel: number, channel: number, position: number) =>
    values[(kernel * 6 + channel) * options.kernelWidth + position];
  /** Response of a kernel at the start of codes, tracks being 1 everywhere. */
  const respond = (kernel: number, codes: Uint8Array) => {
    let sum = biases[kernel];
    for (let p = 0; p < options.kernelWidth; p++) {
      sum += at(kernel, codes[p], p) + at(kernel, 4, p) + at(kernel, 5, p);
    }
    return sum;
  };
  return { values, biases, respond };
}

describe("seeded kernels", () => {
  const options = tinyOptions({ kernels: 6, kernelWidth: 11, seedKernels: true, seedScale: 0.25 });
  const start = startKernels(options, [A, null, B, A]);

  it("come in pairs, once a motif, as long as there are kernels", () => {
    expect(seededKernels(options, [A, null, B, A])).toEqual([
      { index: 0, motif: "A", strand: "+" },
      { index: 1, motif: "A", strand: "-" },
      { index: 2, motif: "B", strand: "+" },
      { index: 3, motif: "B", strand: "-" },
    ]);
    expect(seededKernels({ ...options, kernels: 3 }, [A, B])).toHaveLength(2);
    expect(seededKernels({ ...options, seedKernels: false }, [A, B])).toEqual([]);
  });

  it("respond with the log-odds of the site in their middle times the scale, whatever the tracks", () => {
    for (let seed = 0; seed < 20; seed++) {
      const codes = randomCodes(11, seed);
      // 7 of 11 stand at 2, 4 of 11 at 3.
      expect(start.respond(0, codes)).toBeCloseTo(0.25 * logOdds(A, codes.subarray(2, 9)), 5);
      expect(start.respond(2, codes)).toBeCloseTo(0.25 * logOdds(B, codes.subarray(3, 7)), 5);
    }
  });

  it("respond on the other strand to the reverse complement of the site", () => {
    for (let seed = 0; seed < 20; seed++) {
      const codes = randomCodes(11, seed);
      const site = reverseComplement(codes.subarray(2, 9));
      expect(start.respond(1, codes)).toBeCloseTo(0.25 * logOdds(A, site), 5);
      expect(start.respond(3, codes)).toBeCloseTo(
        0.25 * logOdds(B, reverseComplement(codes.subarray(3, 7))),
        5,
      );
    }
  });

  it("leave the other kernels as they start without seeds, and biases at 0", () => {
    const plain = glorotUniform()([6, 6, 11], new Random(3));
    expectClose(start.values.subarray(4 * 66), plain.subarray(4 * 66), 0);
    expectClose(start.biases, [0, 0, 0, 0, 0, 0], 0);
  });

  it("take the most informative stretch of a motif wider than they are, the same on both strands", () => {
    const narrow = tinyOptions({ kernelWidth: 7, seedKernels: true });
    const { respond } = startKernels(narrow, [WIDE]);
    for (let seed = 0; seed < 20; seed++) {
      const codes = randomCodes(7, seed);
      expect(respond(0, codes)).toBeCloseTo(logOdds(WIDE, codes, 2), 4);
      expect(respond(1, codes)).toBeCloseTo(logOdds(WIDE, reverseComplement(codes), 2), 4);
    }
  });

  it("start silent below the wanted share of their best score", () => {
    const { respond } = startKernels({ ...options, seedThreshold: 0.3 }, [A]);
    const best = 0.25 * logOdds(A, encodeSequence("GATTACA"));
    expect(respond(0, encodeSequence("CCGATTACACC"))).toBeCloseTo(0.7 * best, 4);
    for (let seed = 0; seed < 20; seed++) {
      const codes = randomCodes(11, seed);
      expect(respond(0, codes)).toBeCloseTo(0.25 * logOdds(A, codes.subarray(2, 9)) - 0.3 * best, 4);
    }
  });

  it("stand in the network that training starts from", async () => {
    const small = tinyOptions({ kernelWidth: 9, seedKernels: true, seedThreshold: 0.25 });
    const context = makeContext({}, { motifs: [A] });
    const build = buildFactorNet(small, context);
    const runtime = nodeRuntime();
    const training = await TrainingStep.create(runtime, { build, batchSize: 2, optimizer: adam(), seed: 5 });
    const parameters = await training.parameters();
    await training.release();
    const predictor = await Predictor.create(runtime, { build, parameters, outputs: ["convolution"] });
    const codes = randomCodes(60, "window");
    codes.set(encodeSequence("GATTACA"), 30);
    const windows = new Float32Array(4 * 60);
    codes.forEach((code, p) => {
      windows[code * 60 + p] = 1;
    });
    const values = (await predictor.run({ windows }, 1)).get("convolution")!;
    await predictor.release();
    const positions = 60 - 9 + 1;
    const best = logOdds(A, encodeSequence("GATTACA"));
    for (const [strand, sequence] of [codes, reverseComplement(codes)].entries()) {
      for (let p = 0; p < positions; p++) {
        const site = sequence.slice(p + 1, p + 8);
        const found = [0, 1].map((kernel) => values[(strand * 4 + kernel) * positions + p]);
        expectClose(
          found,
          [site, reverseComplement(site)].map((s) => Math.max(0, logOdds(A, s) - 0.25 * best)),
          1e-4,
          `position ${p}`,
        );
      }
    }
  });
});
