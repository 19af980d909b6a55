import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadStudy } from "../src/load-study.node.js";
import { TEST } from "../src/splits.js";
import { labelExperiment, splitStudy } from "../src/study.js";
import { findData } from "./helpers.js";

const folder = findData("yeast/original");
const example = resolve(import.meta.dirname, "../../../examples/yeast/study.yaml");

describe("the yeast study", () => {
  // Genome, peaks and fragments each name chromosomes in their own way: I, chr1, chrI.
  it.skipIf(folder === null)("has the bins, splits and bound bins of the published files", async () => {
    const study = await loadStudy(example, { dataFolder: folder! });
    expect(study.bins.count).toBe(241_370);
    const { use, counts } = splitStudy(study, 1000);
    expect(counts).toEqual({
      training: 156_977,
      validation: 16_260,
      test: 68_133,
      blacklisted: 0,
      unlabelled: 0,
      atBorders: 0,
    });
    const bound = study.experiments.map((experiment) => {
      const labels = labelExperiment(study, experiment);
      return [experiment.factor, labels.filter((label, bin) => label === 1 && use[bin] === TEST).length];
    });
    expect(Object.fromEntries(bound)).toEqual({
      Reb1: 1148,
      Abf1: 846,
      Rap1: 345,
      Mcm1: 381,
      Fkh1: 584,
      Cin5: 485,
      Phd1: 293,
      Mbp1: 166,
    });
    expect(study.experiments.map(({ motif }) => motif?.id.replace(/.*\./, ""))).toEqual([
      "REB1",
      "ABF1",
      "RAP1",
      "MCM1",
      "FKH1",
      "CIN5",
      "PHD1",
      "MBP1",
    ]);
    expect(study.warnings).toEqual([]);
  });

  it.skipIf(folder === null)(
    "has every cut of the fragments, but for those in the ribosomal DNA",
    async () => {
      const study = await loadStudy(example, { dataFolder: folder!, factors: ["Reb1"] });
      const { tracks } = await study.loadCell("BY4741");
      const { values } = tracks[0];
      let cuts = 0;
      for (const value of values) cuts += Math.expm1(value);
      // Counted from the file: 902,064 cuts on chrI to chrXVI, of which 297,698 at chrXII:450000-492000.
      expect(Math.abs(cuts - (902_064 - 297_698))).toBeLessThan(1);
      expect(study.warnings).toHaveLength(1);
      expect(study.warnings[0]).toMatch(/records on 1 chromosomes that the study does not use \(chrM\)/);
      const [segment] = study.assembly.segmentsOf("chrXII");
      const masked = values.subarray(segment.offset + 450_000, segment.offset + 492_000);
      expect(masked.every((value) => value === 0)).toBe(true);
    },
  );

  const bigWig = findData("yeast/atac_cuts.bw");
  it.skipIf(folder === null || bigWig === null)(
    "has the same track from the bigWig made of the fragments",
    async () => {
      const study = await loadStudy(example, { dataFolder: folder!, factors: ["Reb1"] });
      const { loadTrack } = await import("../src/tracks.node.js");
      const load = async (file: string) =>
        (
          await loadTrack(
            { name: "T", file, unit: "cuts", transform: { mask: [], log: false } },
            file,
            study.assembly,
          )
        ).track.values;
      const fromFragments = await load(resolve(folder!, "yeast_500k_SRR1822137.frag.gz"));
      const fromBigWig = await load(bigWig!);
      expect(fromFragments.length).toBe(12_071_326);
      expect(fromFragments.reduce((a, b) => a + b)).toBe(902_064);
      let different = 0;
      for (let i = 0; i < fromFragments.length; i++) if (fromFragments[i] !== fromBigWig[i]) different++;
      expect(different).toBe(0);
    },
  );
});
