import { encodeSequence } from "@bindscape/genome";
import { areaUnderRoc, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { summariseKernels } from "../src/kernels/kernel-motifs.node.js";
import {
  expectClose,
  makeNetwork,
  makeStudy,
  randomCodes,
  reverseComplement,
  tinyOptions,
} from "./helpers.js";

const SITE = "GATTACA";
const WIDTH = 9;

// Windows of 60 bp around bins of 20 bp, one every 70 bp of a chromosome; two of three hold a site.
const random = new Random("kernels");
const codes = randomCodes(8_400, "two");
const bins = Array.from({ length: 118 }, (_, i) => 40 + 70 * i);
const planted = bins.map((start, i) => {
  if (i % 3 === 2) return null;
  const strand: "+" | "-" = random.integer(2) === 0 ? "+" : "-";
  // Anywhere in the window that leaves room for the kernel's margins.
  const at = start - 20 + 3 + random.integer(60 - 7 - 6);
  const site = encodeSequence(SITE);
  codes.set(strand === "+" ? site : reverseComplement(site), at);
  return { at, strand };
});
codes.fill(4, 20, 24);
const TRACKS = ["cuts_rev", "plain", "cuts_fwd"];
const tracks = TRACKS.map((name) => ({
  name,
  values: Float32Array.from({ length: codes.length }, () => random.integer(5)),
  log: name === "plain",
  unit: `${name} unit`,
}));
for (const track of tracks)
  if (track.log) track.values = track.values.map((value) => Math.fround(Math.log1p(value)));
const study = makeStudy({
  chromosomes: { a: codes },
  tracks,
  bins: { size: 20, step: 10, boundOverlap: 11 },
});

const options = tinyOptions({ kernels: 3, kernelWidth: WIDTH, poolWidth: 4 });
const base = makeNetwork(
  options,
  { tracks: TRACKS, binSize: 20 },
  { seededKernels: [{ index: 0, motif: "M", strand: "-" }] },
);
/** Kernel 0 fires on the site alone, with a base either side; kernel 1 on anything; kernel 2 never. */
const kernel = new Float32Array(3 * 7 * WIDTH);
[...SITE].forEach((base, k) => {
  kernel["ACGT".indexOf(base) * WIDTH + 1 + k] = 1;
});
for (let channel = 0; channel < 7; channel++) {
  for (let k = 0; k < WIDTH; k++) kernel[(7 + channel) * WIDTH + k] = Math.fround(random.normal() / 4);
}
const parameters = new Map(base.parameters);
parameters.set("convolution.kernel", kernel);
parameters.set("convolution.bias", Float32Array.of(-6.5, 0.5, -1));
const network = { ...base, parameters };
const request = { segmentIndices: new Uint32Array(bins.length), binStarts: Int32Array.from(bins) };
const labels = planted.map((site) => (site ? 1 : 0));
const source = await study.loadCell("C");
const summaries = await summariseKernels(network, source, request, labels, { threads: 1 });

describe("first-layer kernels as motifs", () => {
  const found = summaries[0];

  it("lists kernels with sites, the one that tells bound windows apart first", () => {
    expect(summaries.map(({ index }) => index)).toEqual([0, 1]);
    expect(found.seededFrom).toBe("M (reverse complement)");
    expect(summaries[1].seededFrom).toBeNull();
  });

  it("finds the planted motif the way the kernel reads it, whichever strand its sites are on", () => {
    const sites = planted.filter((site) => site !== null);
    expect(new Set(sites.map(({ strand }) => strand)).size).toBe(2);
    expect(found.sites).toBe(sites.length);
    expect(found.largestActivation).toBeCloseTo(0.5, 5);
    const { probabilities } = found;
    expect(probabilities).toHaveLength(WIDTH * 4);
    [...SITE].forEach((base, k) => {
      expect(probabilities[(1 + k) * 4 + "ACGT".indexOf(base)]).toBe(1);
    });
    // The bases beside the sites are those of the sequence, on the sites' own strand; N counts a quarter for each.
    for (const column of [0, WIDTH - 1]) {
      const expected = [0, 0, 0, 0];
      for (const { at, strand } of sites) {
        const beside = strand === "+" ? codes[at - 1 + column] : codes[at + 7 - column];
        if (beside === 4)
          expected.forEach((_, base) => {
            expected[base] += 0.25;
          });
        else expected[strand === "+" ? beside : 3 - beside]++;
      }
      expectClose(
        probabilities.slice(column * 4, column * 4 + 4),
        expected.map((n) => n / sites.length),
        1e-12,
      );
    }
  });

  it("averages every track over the sites as the kernel sees it: turned, strands swapped, logarithms undone", () => {
    const sites = planted.filter((site) => site !== null);
    const values = (name: string) => {
      const track = tracks.find((candidate) => candidate.name === name)!;
      return track.log ? [...track.values].map(Math.expm1) : [...track.values];
    };
    const swapped: Record<string, string> = { cuts_fwd: "cuts_rev", cuts_rev: "cuts_fwd", plain: "plain" };
    for (const name of TRACKS) {
      const own = values(name);
      const other = values(swapped[name]);
      const expected = Array.from({ length: WIDTH }, (_, k) => {
        let sum = 0;
        for (const { at, strand } of sites) sum += strand === "+" ? own[at - 1 + k] : other[at + 7 - k];
        return sum / sites.length;
      });
      expectClose(found.meanSignal[name], expected, 1e-5, name);
    }
    expect(found.signalUnits).toEqual(Object.fromEntries(TRACKS.map((name) => [name, `${name} unit`])));
  });

  it("takes the best site of each window over both strands, as brute force finds it", () => {
    const counts = new Float64Array(WIDTH * 4);
    const activations: number[] = [];
    let sites = 0;
    for (const start of bins) {
      let best = 0;
      let bestSite: number[] | null = null;
      for (let at = start - 20; at + WIDTH <= start + 40; at++) {
        const window = codes.slice(at, at + WIDTH);
        const signal = (t: number) => [...tracks[t].values.subarray(at, at + WIDTH)];
        const forward = { sequence: [...window], tracks: [signal(0), signal(1), signal(2)] };
        const reverse = {
          sequence: [...reverseComplement(window)],
          tracks: [signal(2).reverse(), signal(1).reverse(), signal(0).reverse()],
        };
        for (const strand of [forward, reverse]) {
          let sum = 0.5;
          for (let k = 0; k < WIDTH; k++) {
            const code = strand.sequence[k];
            if (code < 4) sum += kernel[(7 + code) * WIDTH + k];
            strand.tracks.forEach((track, t) => {
              sum += kernel[(7 + 4 + t) * WIDTH + k] * track[k];
            });
          }
          if (sum > best + 1e-6) {
            best = sum;
            bestSite = strand.sequence;
          }
        }
      }
      activations.push(best);
      if (!bestSite) continue;
      sites++;
      bestSite.forEach((code, k) => {
        if (code < 4) counts[k * 4 + code]++;
        else for (let base = 0; base < 4; base++) counts[k * 4 + base] += 0.25;
      });
    }
    const [, second] = summaries;
    expect(second.sites).toBe(sites);
    expect(second.largestActivation).toBeCloseTo(Math.max(...activations), 4);
    expectClose(
      second.probabilities,
      [...counts].map((count) => count / sites),
      1e-9,
    );
    expect(areaUnderRoc(activations, labels)).toBeLessThan(0.95);
  });

  it.each([1, 2] as const)(
    "half-maximum, layer %i: all sites above half, as brute force finds them",
    async (layer) => {
      // Every window's and strand's activations at every position, of the layer asked for.
      const firstBias = parameters.get("convolution.bias")!;
      const mix = parameters.get("position.kernel")!;
      const mixBias = parameters.get("position.bias")!;
      const sites: { activation: number[]; sequence: number[]; signal: number[][] }[] = [];
      const own = tracks.map(({ values, log }) => [...values].map((v) => (log ? Math.expm1(v) : v)));
      for (const start of bins) {
        for (let at = start - 20; at + WIDTH <= start + 40; at++) {
          if (at < 0 || at + WIDTH > codes.length) continue;
          for (const isReverse of [false, true]) {
            const window = codes.slice(at, at + WIDTH);
            const sequence = isReverse ? reverseComplement(window) : window;
            const shown = (values: ArrayLike<number>[], t: number) => {
              const cut = Array.from({ length: WIDTH }, (_, k) => values[isReverse ? 2 - t : t][at + k]);
              return isReverse ? cut.reverse() : cut;
            };
            const seen = tracks.map((_, t) =>
              shown(
                tracks.map(({ values }) => values),
                t,
              ),
            );
            const first = [0, 1, 2].map((unit) => {
              let sum = firstBias[unit];
              for (let k = 0; k < WIDTH; k++) {
                if (sequence[k] < 4) sum += kernel[(unit * 7 + sequence[k]) * WIDTH + k];
                seen.forEach((track, t) => {
                  sum += kernel[(unit * 7 + 4 + t) * WIDTH + k] * track[k];
                });
              }
              return Math.max(0, sum);
            });
            const second = [0, 1, 2].map((unit) =>
              Math.max(
                0,
                first.reduce((sum, value, j) => sum + value * mix[unit * 3 + j], mixBias[unit]),
              ),
            );
            sites.push({
              activation: layer === 1 ? first : second,
              sequence: [...sequence],
              signal: tracks.map((_, t) => shown(own, t)),
            });
          }
        }
      }
      const found = await summariseKernels(network, source, request, labels, {
        threads: 1,
        layer,
        rule: "half-maximum",
      });
      expect(found.length).toBeGreaterThan(0);
      for (let unit = 0; unit < 3; unit++) {
        const largest = Math.max(...sites.map(({ activation }) => activation[unit]));
        const chosen = sites.filter(({ activation }) => activation[unit] > largest / 2);
        const summary = found.find(({ index }) => index === unit);
        expect(summary !== undefined).toBe(chosen.length >= 10 && largest > 0);
        if (!summary) continue;
        expect(summary.sites).toBe(chosen.length);
        expect(summary.largestActivation).toBeCloseTo(largest, 4);
        const counts = new Float64Array(WIDTH * 4);
        for (const { sequence } of chosen) {
          sequence.forEach((code, k) => {
            if (code < 4) counts[k * 4 + code]++;
            else for (let base = 0; base < 4; base++) counts[k * 4 + base] += 0.25;
          });
        }
        expectClose(
          summary.probabilities,
          [...counts].map((n) => n / chosen.length),
          1e-9,
        );
        TRACKS.forEach((name, t) => {
          const mean = Array.from(
            { length: WIDTH },
            (_, k) => chosen.reduce((sum, { signal }) => sum + signal[t][k], 0) / chosen.length,
          );
          expectClose(summary.meanSignal[name], mean, 1e-4, name);
        });
      }
    },
  );

  it("leaves out kernels with fewer than ten sites, and sites that overhang the sequence", async () => {
    const few = { segmentIndices: new Uint32Array(9), binStarts: Int32Array.from(bins.slice(0, 9)) };
    expect(await summariseKernels(network, source, few, new Uint8Array(9), { threads: 1 })).toEqual([]);
    // Windows that overhang the end, where only the bias of kernel 1 is left to fire.
    const over = {
      segmentIndices: new Uint32Array(12),
      binStarts: new Int32Array(12).fill(codes.length + 30),
    };
    expect(await summariseKernels(network, source, over, new Uint8Array(12), { threads: 1 })).toEqual([]);
  });
});
