import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBed } from "../src/bed/read.js";
import { readChromosomeSizes } from "../src/chromosome-sizes/read.js";
import { matchChromosomeNames, suggestChromosomeNames } from "../src/chromosomes/match.js";
import { readFragments } from "../src/fragments/read.js";
import { TwoBitReader } from "../src/two-bit/read.js";
import { findData, openTestFile } from "./helpers.js";

const romans = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI".split(" ");
const yeast = romans.map((roman) => `chr${roman}`);
const human = [...Array.from({ length: 22 }, (_, i) => `chr${i + 1}`), "chrX", "chrY", "chrM"];

function pairs(from: string[], to: string[]): [string, string][] {
  return [...matchChromosomeNames(from, to).map];
}

describe("matchChromosomeNames", () => {
  it("brings the yeast files together: I, chr1 and chrI", () => {
    const assembly = [...yeast, "chrM"];
    const spellings = [
      [...romans, "Mito"],
      [...romans.map((_, i) => `chr${i + 1}`), "chrMT"],
      [...romans.map((_, i) => `chr${String(i + 1).padStart(2, "0")}`), "chrmt"],
      [...romans.map((_, i) => `${i + 1}`), "MT"],
      [...romans.map((roman) => `Chromosome_${roman.toLowerCase()}`), "mitochondrion"],
    ];
    for (const names of spellings) {
      const { map, unmatched } = matchChromosomeNames(names, assembly);
      expect([...map.values()]).toEqual(assembly);
      expect([...map.keys()]).toEqual(names);
      expect(unmatched).toEqual([]);
      expect([...matchChromosomeNames(assembly, names).map.values()]).toEqual(names);
    }
  });

  const data = ["single_sequences.2bit", "Reb1_CX.bed", "yeast_500k_SRR1822137.frag.gz"].map((file) =>
    findData(`yeast/original/${file}`),
  );
  const sizes = findData("yeast/chrom.sizes");
  it.skipIf(data.includes(null) || !sizes)("brings the published yeast files together", async () => {
    const [twoBit, bed, fragments] = await Promise.all(data.map((path) => openTestFile(path!)));
    const assembly = (await readChromosomeSizes(await openTestFile(sizes!))).map(({ name }) => name);
    expect(assembly).toEqual(yeast);
    const genome = matchChromosomeNames((await TwoBitReader.open(twoBit)).names, assembly);
    expect([...genome.map.values()]).toEqual(yeast);
    expect(genome.unmatched).toEqual([]);
    const peaks = matchChromosomeNames(
      (await readBed(bed)).map(({ chromosome }) => chromosome),
      assembly,
    );
    expect([...peaks.map].sort()).toEqual(yeast.map((name, i) => [`chr${i + 1}`, name]).sort());
    expect(peaks.unmatched).toEqual([]);
    const names = new Set<string>();
    for await (const { chromosome } of readFragments(fragments)) names.add(chromosome);
    const cuts = matchChromosomeNames([...names], assembly);
    expect([...cuts.map.values()].sort()).toEqual([...yeast].sort());
    expect(cuts.unmatched).toEqual(["chrM"]);
  });

  it("reads X as 10 in a Roman list and as the sex chromosome in an Arabic one", () => {
    expect(pairs(["chr10"], yeast)).toEqual([["chr10", "chrX"]]);
    expect(pairs(["X"], yeast)).toEqual([["X", "chrX"]]);
    expect(pairs(["IX", "X"], human)).toEqual([
      ["IX", "chr9"],
      ["X", "chr10"],
    ]);
    expect(pairs(["10", "X"], human)).toEqual([
      ["10", "chr10"],
      ["X", "chrX"],
    ]);
    // A human list against yeast: its X has no counterpart, and its 10 takes chrX.
    const crossed = matchChromosomeNames(["1", "10", "X"], yeast);
    expect([...crossed.map]).toEqual([
      ["1", "chrI"],
      ["10", "chrX"],
    ]);
    expect(crossed.unmatched).toEqual(["X"]);
  });

  it("lets the other list decide where one is too short to tell", () => {
    const arabic = romans.map((_, i) => `${i + 1}`);
    expect(pairs(["V", "X"], arabic)).toEqual([
      ["V", "5"],
      ["X", "10"],
    ]);
    expect(pairs(["X"], human)).toEqual([["X", "chrX"]]);
    // Some of a yeast's chromosomes that happen to be the names of all of a worm's.
    expect(pairs(["I", "II", "III", "IV", "V", "X"], arabic).at(-1)).toEqual(["X", "10"]);
  });

  it("keeps the worm's X apart from 10", () => {
    const worm = ["I", "II", "III", "IV", "V", "X", "MtDNA"];
    expect(pairs(worm, ["chr1", "chr2", "chr3", "chr4", "chr5", "chrX", "chrM"]).map(([, to]) => to)).toEqual(
      ["chr1", "chr2", "chr3", "chr4", "chr5", "chrX", "chrM"],
    );
    expect(matchChromosomeNames(["chr10"], worm).unmatched).toEqual(["chr10"]);
    expect(matchChromosomeNames(["chr1", "chr10"], worm).unmatched).toEqual(["chr10"]);
  });

  it("keeps fly arms, plant organelles, scaffolds and accessions", () => {
    expect(pairs(["2L", "3R", "X"], ["chr2L", "chr3R", "chrX"])).toEqual([
      ["2L", "chr2L"],
      ["3R", "chr3R"],
      ["X", "chrX"],
    ]);
    expect(pairs(["1", "Pt", "Mt"], ["Chr1", "ChrC", "ChrM"])).toEqual([
      ["1", "Chr1"],
      ["Pt", "ChrC"],
      ["Mt", "ChrM"],
    ]);
    expect(pairs(["GL000191.1", "KI270302.1"], ["chr1_gl000191_random", "chrUn_KI270302v1"])).toEqual([
      ["GL000191.1", "chr1_gl000191_random"],
      ["KI270302.1", "chrUn_KI270302v1"],
    ]);
  });

  it("matches equal names first, and refuses what is ambiguous", () => {
    // hg19 of UCSC has both chrM and chrMT, which are different sequences.
    expect(pairs(["MT"], ["chrM", "chrMT"])).toEqual([["MT", "chrMT"]]);
    expect(pairs(["chrM", "chrMT"], ["MT"])).toEqual([["chrMT", "MT"]]);
    expect(matchChromosomeNames(["Mito"], ["chrM", "chrMT"]).unmatched).toEqual(["Mito"]);
    expect(matchChromosomeNames(["1", "chr1"], ["chrI"]).unmatched).toEqual(["1", "chr1"]);
    expect(matchChromosomeNames(["plasmid", "chr", ""], yeast)).toEqual({
      map: new Map(),
      unmatched: ["plasmid", "chr", ""],
    });
  });

  it("maps every list to itself, and only to names that are there, once each", () => {
    const name = fc.oneof(
      fc.constantFrom(...romans, ...yeast, ...human, "MT", "Mito", "2-micron", "chr", ""),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(name), fc.array(name), (from, to) => {
        expect(matchChromosomeNames(from, from).unmatched).toEqual([]);
        const { map, unmatched } = matchChromosomeNames(from, to);
        const targets = [...map.values()];
        expect(new Set(targets).size).toBe(targets.length);
        expect(targets.every((target) => to.includes(target))).toBe(true);
        expect([...map.keys(), ...unmatched].sort()).toEqual([...new Set(from)].sort());
        for (const same of from) if (to.includes(same)) expect(map.get(same)).toBe(same);
      }),
    );
  });
});

describe("suggestChromosomeNames", () => {
  it("says which names are unknown, and which there are", () => {
    expect(suggestChromosomeNames(["chr17", "plasmid"], yeast, "sacCer3")).toBe(
      "The 2 chromosome names chr17, plasmid are not known in sacCer3, which has chrI, chrII, chrIII, chrIV, chrV, chrVI, ... (16 in all)",
    );
    expect(suggestChromosomeNames(["chrUn_12"], ["chrI", "chrUn_1"], "x")).toBe(
      "The chromosome name chrUn_12 is not known in x, which has chrI, chrUn_1; did you mean chrUn_1?",
    );
    expect(suggestChromosomeNames(["a"], [])).toBe(
      "The chromosome name a is not known in the assembly, which has no chromosomes",
    );
    expect(suggestChromosomeNames([], yeast)).toBe("All chromosome names are known in the assembly");
  });
});
