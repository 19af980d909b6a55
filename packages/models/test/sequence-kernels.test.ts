import { describe, expect, it } from "vitest";
import { convolutionDenseOptions } from "../src/architectures/convolution-dense/options.js";
import { interpretKernelsOfSequences } from "../src/interpret/interpret-kernels.node.js";
import { expectError, makeNetwork, randomCodes, reverseComplement, tinyOptions } from "./helpers.js";

const length = 40;
const width = 6;
const kernels = 3;

describe("kernels of a network on given sequences", () => {
  const options = convolutionDenseOptions.parse({
    windowLength: length,
    layers: [
      { kind: "convolution", kernels, width, stride: 2, padding: "same" },
      { kind: "activation", function: "relu" },
      { kind: "global-max-pool" },
    ],
  });
  const network = makeNetwork(options as never, { windowLength: length }, { model: "convolution-dense" });
  const count = 30;
  const codes = randomCodes(count * length, "kernels of sequences");
  codes[5] = 4;
  const sequences = { count, codes, source: "test" };

  it("are the bases at the best site of each sequence, over both strands: counted by hand", async () => {
    const found = await interpretKernelsOfSequences({ network, sequences, threads: 1 });
    const kernel = network.parameters.get("convolution1.kernel")!;
    const bias = network.parameters.get("convolution1.bias")!;
    expect(found.total).toBe(kernels);
    expect(found.kernels.length).toBeGreaterThan(0);
    let checked = 0;
    for (let k = 0; k < kernels; k++) {
      const counts = new Float64Array(width * 4);
      let sites = 0;
      for (let row = 0; row < count; row++) {
        const own = codes.slice(row * length, (row + 1) * length);
        let best = 0;
        let site: Uint8Array | null = null;
        for (const strand of [own, reverseComplement(own)]) {
          for (let p = 0; p + width <= length; p++) {
            let sum = bias[k];
            for (let t = 0; t < width; t++)
              if (strand[p + t] < 4) sum += kernel[(k * 4 + strand[p + t]) * width + t];
            if (sum <= best) continue;
            best = sum;
            site = strand.slice(p, p + width);
          }
        }
        if (!site) continue;
        sites++;
        site.forEach((code, t) => {
          for (let base = 0; base < 4; base++)
            counts[t * 4 + base] += code === 4 ? 0.25 : Number(code === base);
        });
      }
      const summary = found.kernels.find(({ index }) => index === k);
      if (sites < 10) {
        expect(summary).toBeUndefined();
        continue;
      }
      expect(summary?.sites).toBe(sites);
      summary!.probabilities.forEach((value, i) => {
        expect(Math.abs(value - counts[i] / sites)).toBeLessThan(1e-9);
      });
      checked++;
    }
    expect(checked).toBe(found.kernels.length);
    // Nothing tells sequences apart, so that those with most sites come first.
    const order = found.kernels.map(({ sites }) => sites);
    expect(order).toEqual([...order].sort((a, b) => b - a));
  });

  it("are ranked by labels where there are any", async () => {
    const labels = Float32Array.from({ length: count }, (_, row) => row % 2);
    const found = await interpretKernelsOfSequences({ network, sequences, labels, threads: 1 });
    expect(found.windows).toEqual({ bound: 15, unbound: 15 });
  });

  it("are refused for a network with tracks", async () => {
    const tracks = makeNetwork(tinyOptions(), { tracks: ["DNase"] });
    await expectError(
      () => interpretKernelsOfSequences({ network: tracks, sequences }),
      "a network that sees tracks",
      "Give a study",
    );
  });
});
