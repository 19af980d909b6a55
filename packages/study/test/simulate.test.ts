import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logOddsMatrix } from "@bindscape/motifs";
import { areaUnderRoc, fitLogisticRegression, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { loadStudy } from "../src/load-study.node.js";
import { simulateStudy } from "../src/simulate.js";
import { writeSimulatedStudy } from "../src/simulate.node.js";
import { PARTNER_DISTANCE, PARTNER_MOTIF, scoreSite, simulatedFactors } from "../src/simulated-motifs.js";
import { drawSequence } from "../src/simulated-sequence.js";
import { drawPoisson } from "../src/simulated-signal.js";
import { TEST, TRAINING } from "../src/splits.js";
import { labelExperiment, splitStudy } from "../src/study.js";
import { WindowMaker } from "../src/window-maker.js";
import { expectError, expectSameArray, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();
const study = simulateStudy();
const codesOf = new Map(study.chromosomes.map(({ name, codes }) => [name, codes]));
const cutsOf = new Map(study.chromosomes.map(({ name }, i) => [name, study.cuts[i]]));
const motifOf = new Map(study.motifs.map((motif) => [motif.name, motif]));
const sitesOf = (motif: string, ...classes: string[]) =>
  study.sites.filter((site) => site.motif === motif && classes.includes(site.class));
const middle = ({ start, end }: { start: number; end: number }) => (start + end) / 2;
const mean = (values: Iterable<number>) => {
  const all = [...values];
  return all.reduce((a, b) => a + b, 0) / all.length;
};

describe("the sequence", () => {
  it("has the sizes asked for, falling", () => {
    const sizes = study.chromosomes.map(({ codes }) => codes.length);
    expect(sizes.every((size, i) => i === 0 || size < sizes[i - 1])).toBe(true);
    expect(sizes[0] / sizes[3]).toBeCloseTo(1.3 / 0.7, 3);
    expect(sizes.reduce((a, b) => a + b)).toBe(1_600_000);
    expect(simulateStudy({ genomeSize: 240_001, chromosomes: 6 }).chromosomes).toHaveLength(6);
  });

  it("has the dinucleotides of yeast: rich in A and T, poor in CG", () => {
    const codes = drawSequence(400_000, new Random(1));
    const counts = new Float64Array(16);
    for (let i = 1; i < codes.length; i++) counts[codes[i - 1] * 4 + codes[i]]++;
    const share = (pair: string) =>
      counts["ACGT".indexOf(pair[0]) * 4 + "ACGT".indexOf(pair[1])] / (codes.length - 1);
    // Shares in sacCer3: AA and TT .108, CG .029, GC .037, TA .074.
    expect(share("AA")).toBeCloseTo(0.108, 2);
    expect(share("TT")).toBeCloseTo(0.108, 2);
    expect(share("CG")).toBeCloseTo(0.029, 2);
    expect(share("GC")).toBeCloseTo(0.037, 2);
    expect(share("TA")).toBeCloseTo(0.074, 2);
  });

  it("has one gap of unknown bases", () => {
    const unknown = study.chromosomes.map(({ codes }) => codes.filter((code) => code > 3).length);
    expect(unknown).toEqual([0, 1000, 0, 0]);
  });
});

describe("the planted sites", () => {
  it("stand in the sequence as the truth says, on their strand, apart from each other", () => {
    expect(study.sites.length).toBeGreaterThan(1500);
    let last = { chromosome: "", end: 0 };
    for (const site of study.sites) {
      if (site.chromosome !== last.chromosome) last = { chromosome: site.chromosome, end: 0 };
      expect(site.start).toBeGreaterThanOrEqual(last.end);
      last = site;
      if (site.class === "indirect") continue;
      const forward = codesOf.get(site.chromosome)!.slice(site.start, site.end);
      const codes = site.strand === "+" ? forward : forward.map((code) => 3 - code).reverse();
      expect(scoreSite(motifOf.get(site.motif)!, codes)).toBeCloseTo(site.scoreBits, 9);
    }
  });

  it("are good ones but for the weak", () => {
    for (const { name } of study.factors) {
      const good = mean(sitesOf(name, "bound").map(({ scoreBits }) => scoreBits));
      const closed = mean(sitesOf(name, "closed").map(({ scoreBits }) => scoreBits));
      const weak = mean(sitesOf(name, "weak").map(({ scoreBits }) => scoreBits));
      expect(good).toBeGreaterThan(10);
      expect(Math.abs(good - closed)).toBeLessThan(1);
      expect(weak).toBeLessThan(good - 6);
    }
  });

  it("are bound where chromatin is open only, and closed ones are as many", () => {
    for (const { name } of study.factors) {
      const bound = sitesOf(name, "bound");
      const closed = sitesOf(name, "closed");
      expect(bound.length).toBeGreaterThan(200);
      expect(closed.length).toBeGreaterThan(200);
      expect(bound.every(({ openness }) => openness > 0)).toBe(true);
      expect(closed.every(({ openness }) => openness === 0)).toBe(true);
    }
  });

  it("of a factor that needs a partner are bound beside one, and never alone", () => {
    const partners = sitesOf(PARTNER_MOTIF.name, "partner", "partner-alone");
    const nearest = (site: (typeof study.sites)[number]) =>
      Math.min(
        ...partners
          .filter(({ chromosome }) => chromosome === site.chromosome)
          .map((partner) => Math.abs(middle(partner) - middle(site))),
      );
    const bound = sitesOf("SimC", "bound");
    const alone = sitesOf("SimC", "alone");
    expect(alone.length).toBeGreaterThan(80);
    expect(alone.every(({ openness }) => openness > 0)).toBe(true);
    expect(Math.max(...bound.map(nearest))).toBeLessThanOrEqual(PARTNER_DISTANCE);
    expect(Math.min(...alone.map(nearest))).toBeGreaterThan(PARTNER_DISTANCE);
    expect(sitesOf(PARTNER_MOTIF.name, "partner-alone").length).toBeGreaterThan(10);
    expect(sitesOf("SimA", "alone")).toHaveLength(0);
  });
});

describe("the signal", () => {
  const sum = (chromosome: string, from: number, to: number) =>
    mean(cutsOf.get(chromosome)!.subarray(Math.max(0, from), to));

  it("is high in open chromatin, with a footprint on bound sites", () => {
    for (const { name } of study.factors) {
      const on = (classes: string, from: (s: { start: number; end: number }) => [number, number]) =>
        mean(sitesOf(name, classes).map((site) => sum(site.chromosome, ...from(site))));
      const around = (site: { start: number; end: number }): [number, number] => [
        site.start - 100,
        site.end + 100,
      ];
      const itself = (site: { start: number; end: number }): [number, number] => [site.start, site.end];
      const beside = (site: { start: number; end: number }): [number, number] => [
        site.start - 14,
        site.start - 2,
      ];
      expect(on("bound", around)).toBeGreaterThan(4 * on("closed", around));
      expect(on("bound", itself)).toBeLessThan(0.4 * on("bound", beside));
      // No footprint where nothing sits.
      expect(on("weak", itself)).toBeGreaterThan(0.6 * on("weak", beside));
    }
  });

  it("has no cut where the sequence is unknown and an artefact on the blacklist", () => {
    for (const [name, codes] of codesOf) {
      const cuts = cutsOf.get(name)!;
      expect(codes.every((code, i) => code < 4 || cuts[i] === 0)).toBe(true);
    }
    const [{ chromosome, start, end }] = study.blacklist;
    expect(sum(chromosome, start, end)).toBeGreaterThan(20);
    expect(sum(chromosome, start - 500, start)).toBeLessThan(1);
  });

  it("is counts of Poisson's distribution", () => {
    const random = new Random(4);
    for (const rate of [0, 0.05, 3, 40, 1200]) {
      const draws = Array.from({ length: 4000 }, () => drawPoisson(rate, random));
      const average = mean(draws);
      const variance = mean(draws.map((value) => (value - average) ** 2));
      expect(Math.abs(average - rate)).toBeLessThanOrEqual(5 * Math.sqrt(rate / 4000));
      expect(Math.abs(variance - rate)).toBeLessThanOrEqual(0.15 * rate);
    }
  });
});

describe("the peaks", () => {
  it("are summits near what is bound, strongest first, and miss a few", () => {
    for (const { name, peaks } of study.factors) {
      const truth = sitesOf(name, "bound", "indirect");
      const distances = peaks.map(({ chromosome, start }) =>
        Math.min(
          ...truth
            .filter((site) => site.chromosome === chromosome)
            .map((site) => Math.abs(middle(site) - start)),
        ),
      );
      expect(Math.max(...distances)).toBeLessThan(50);
      expect(mean(distances)).toBeLessThan(10);
      expect(peaks.length).toBeLessThan(truth.length);
      expect(peaks.length).toBeGreaterThan(0.9 * truth.length);
      expect(
        peaks.every(
          ({ start, end, strength }, i) =>
            end === start + 1 && (i === 0 || strength <= peaks[i - 1].strength),
        ),
      ).toBe(true);
    }
  });
});

describe("options", () => {
  it("choose size, chromosomes and factors; the last chromosome is for validation", () => {
    const { chromosomes, factors, motifs, validation, test } = simulateStudy({
      genomeSize: 400_000,
      chromosomes: 8,
      factors: 6,
      seed: "x",
    });
    expect(chromosomes.map(({ name }) => name)).toEqual([
      "chr1",
      "chr2",
      "chr3",
      "chr4",
      "chr5",
      "chr6",
      "chr7",
      "chr8",
    ]);
    expect(factors.map(({ name }) => name)).toEqual(["SimA", "SimB", "SimC", "SimD", "SimE", "SimF"]);
    expect(motifs.at(-1)).toBe(PARTNER_MOTIF);
    expect([validation, test]).toEqual([["chr8"], ["chr6", "chr7"]]);
    expect(simulateStudy({ genomeSize: 120_000, chromosomes: 3 }).test).toEqual(["chr2"]);
  });

  it("out of range are refused", async () => {
    await expectError(() => simulateStudy({ chromosomes: 2 }), "chromosomes is 2", "from 3 to 100");
    await expectError(() => simulateStudy({ factors: 7 }), "factors is 7", "from 1 to 6");
    await expectError(() => simulateStudy({ factors: 0 }), "factors is 0");
    await expectError(() => simulateStudy({ genomeSize: 1000 }), "genomeSize is 1000", "from 160000");
    await expectError(() => simulateStudy({ genomeSize: Number.NaN }), "genomeSize is NaN");
    await expectError(() => simulateStudy({ genomeSize: 1e12 }), "genomeSize is");
  });

  it("of motifs are distinct from each other", () => {
    const motifs = [...simulatedFactors(6).map(({ motif }) => motif), PARTNER_MOTIF];
    const consensus = motifs.map(({ probabilities, length }) =>
      Uint8Array.from({ length }, (_, i) => {
        const row = probabilities.subarray(i * 4, i * 4 + 4);
        return row.indexOf(Math.max(...row));
      }),
    );
    for (const [i, motif] of motifs.entries()) {
      const matrix = logOddsMatrix(motif);
      const best = (codes: Uint8Array) => {
        const padded = new Uint8Array(40).fill(4);
        padded.set(codes, 15);
        let score = Number.NEGATIVE_INFINITY;
        for (let start = 0; start + motif.length <= 40; start++) {
          for (const isForward of [true, false]) {
            let sum = 0;
            for (let k = 0; k < motif.length; k++) {
              const code = padded[start + (isForward ? k : motif.length - 1 - k)];
              sum += code > 3 ? 0 : matrix[k * 4 + (isForward ? code : 3 - code)];
            }
            score = Math.max(score, sum);
          }
        }
        return score;
      };
      for (const [j, codes] of consensus.entries()) {
        if (i === j) expect(best(codes)).toBeGreaterThan(13);
        else expect(best(codes)).toBeLessThan(8);
      }
    }
  });
});

describe("a simulated study on disk", () => {
  const hashes = (path: string) =>
    Object.fromEntries(
      readdirSync(path)
        .sort()
        .map((name) => [
          name,
          createHash("sha256")
            .update(readFileSync(join(path, name)))
            .digest("hex"),
        ]),
    );
  const small = { genomeSize: 200_000, chromosomes: 3, factors: 2 };

  it("is the same bytes for the same seed, and others for another", async () => {
    const written = await writeSimulatedStudy(join(folder, "a"), { ...small, seed: 5 });
    expect(written.files).toEqual([
      "genome.fa",
      "genome.chrom.sizes",
      "accessibility.bw",
      "SimA.bed",
      "SimB.bed",
      "motifs.meme",
      "blacklist.bed",
      "truth.tsv",
      "study.yaml",
    ]);
    await writeSimulatedStudy(join(folder, "b"), { ...small, seed: 5 });
    await writeSimulatedStudy(join(folder, "c"), { ...small, seed: 6 });
    const [a, b, c] = ["a", "b", "c"].map((name) => hashes(join(folder, name)));
    expect(Object.keys(a)).toEqual([...written.files].sort());
    expect(b).toEqual(a);
    const same = Object.keys(a).filter((name) => a[name] === c[name]);
    // The sizes, the motifs and the place of the artefact are not a matter of chance.
    expect(same.sort()).toEqual(["blacklist.bed", "genome.chrom.sizes", "motifs.meme"]);
    // Writing it again over itself changes nothing.
    await writeSimulatedStudy(join(folder, "a"), { ...small, seed: 5 });
    expect(hashes(join(folder, "a"))).toEqual(a);
  });

  it("is read back as it was made", async () => {
    const { studyFile, study: made } = await writeSimulatedStudy(join(folder, "read"), {
      ...small,
      seed: "five",
    });
    const read = await loadStudy(studyFile);
    expect(read.warnings).toEqual([]);
    expect(read.experiments.map(({ factor, motif }) => [factor, motif?.id])).toEqual([
      ["SimA", "SimA"],
      ["SimB", "SimB"],
    ]);
    const { tracks } = await read.loadCell("SimCell");
    for (const [i, { name, codes }] of made.chromosomes.entries()) {
      const [segment] = read.assembly.segmentsOf(name);
      expectSameArray(read.assembly.codes.subarray(segment.offset, segment.offset + codes.length), codes);
      const logged = made.cuts[i].map((count) => Math.log1p(Math.min(50, count)));
      expectSameArray(tracks[0].values.subarray(segment.offset, segment.offset + codes.length), logged);
    }
    expect(read.experiments[0].peaks).toEqual(
      made.factors[0].peaks.map(({ chromosome, start }) => ({
        chromosome,
        start: start - 100,
        end: start + 100,
      })),
    );
    const truth = readFileSync(join(folder, "read", "truth.tsv"), "utf8")
      .trimEnd()
      .split("\n");
    expect(truth).toHaveLength(1 + made.sites.length);
    const first = made.sites[0];
    expect(truth[1].split("\t").slice(0, 6)).toEqual([
      first.chromosome,
      `${first.start}`,
      `${first.end}`,
      first.motif,
      first.strand,
      first.class,
    ]);
  });

  it("does not take the place of somebody's own study", async () => {
    const own = join(folder, "own");
    mkdirSync(own);
    writeFileSync(join(own, "study.yaml"), "# my study\n");
    await expectError(
      () => writeSimulatedStudy(own, small),
      "study.yaml",
      "was not simulated",
      "Choose another folder",
    );
    expect(readdirSync(own)).toEqual(["study.yaml"]);
  });

  it("can be learned: neither motif nor signal tells all, and both tell more", async () => {
    const { studyFile } = await writeSimulatedStudy(join(folder, "default"));
    const read = await loadStudy(studyFile);
    const { use } = splitStudy(read, 1000);
    const source = await read.loadCell("SimCell");
    for (const experiment of read.experiments) {
      const labels = labelExperiment(read, experiment);
      const maker = new WindowMaker(source, {
        windowLength: 200,
        binSize: 200,
        tracks: [],
        features: [
          {
            kind: "motif",
            name: "m",
            logOdds: [...logOddsMatrix(experiment.motif!)],
            length: experiment.motif!.length,
            sites: "inside",
          },
          { kind: "signal", name: "s", track: "accessibility", width: 200, log: true },
        ],
      });
      const pick = (split: number) => {
        const bins = [...use].flatMap((value, bin) => (value === split ? [bin] : []));
        const features = maker.fillFeatures({
          segmentIndices: Uint32Array.from(bins, (bin) => read.bins.partOf(bin).segmentIndex),
          binStarts: Int32Array.from(bins, (bin) => read.bins.startOf(bin)),
        });
        return { rows: bins.length, features, labels: bins.map((bin) => labels[bin]) };
      };
      const training = pick(TRAINING);
      const test = pick(TEST);
      const model = fitLogisticRegression({ ...training, columns: 2 });
      const roc = (scores: ArrayLike<number>) => areaUnderRoc(scores, test.labels);
      const column = (at: number) => test.labels.map((_, row) => test.features[row * 2 + at]);
      const [motif, signal, both] = [
        roc(column(0)),
        roc(column(1)),
        roc(model.predict(test.features, test.rows)),
      ];
      expect(test.labels.filter((label) => label === 1).length).toBeGreaterThan(150);
      expect(motif).toBeGreaterThan(0.78);
      expect(motif).toBeLessThan(0.94);
      expect(signal).toBeGreaterThan(0.8);
      expect(signal).toBeLessThan(0.94);
      expect(both).toBeGreaterThan(Math.max(motif, signal) + 0.03);
      expect(both).toBeLessThan(0.98);
    }
  });
});
