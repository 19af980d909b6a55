import type { ChromosomeSize } from "@bindscape/genome";

/** Chromosome lengths of genome builds that are often taken for each other, in bp: chr1 to chr22 (mouse: chr19), X, Y. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  hg19: [
    249250621, 243199373, 198022430, 191154276, 180915260, 171115067, 159138663, 146364022, 141213431,
    135534747, 135006516, 133851895, 115169878, 107349540, 102531392, 90354753, 81195210, 78077248, 59128983,
    63025520, 48129895, 51304566, 155270560, 59373566,
  ],
  hg38: [
    248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717,
    133797422, 135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616,
    64444167, 46709983, 50818468, 156040895, 57227415,
  ],
  mm10: [
    195471971, 182113224, 160039680, 156508116, 151834684, 149736546, 145441459, 129401213, 124595110,
    130694993, 122082543, 120129022, 120421639, 124902244, 104043685, 98207768, 94987271, 90702639, 61431566,
    171031299, 91744698,
  ],
};

const BUILDS = new Map(
  Object.entries(SIZES).map(([build, sizes]) => [
    build,
    new Map(sizes.map((size, i) => [["Y", "X"][sizes.length - 1 - i] ?? String(i + 1), size])),
  ]),
);

function sizeIn(build: string, chromosome: string): number | undefined {
  return BUILDS.get(build)?.get(chromosome.replace(/^chr/i, ""));
}

/** The build that an assembly is by the lengths of its chromosomes, where all that are known agree. */
export function recogniseBuild(chromosomes: readonly ChromosomeSize[]): string | undefined {
  return [...BUILDS.keys()].find((build) => {
    const known = chromosomes.filter(({ name }) => sizeIn(build, name) !== undefined);
    return known.length > 0 && known.every(({ name, size }) => sizeIn(build, name) === size);
  });
}

/** The build whose chromosome is long enough for a position and ends nearest behind it. */
export function guessBuild(chromosome: string, end: number): string | undefined {
  return [...BUILDS.keys()]
    .filter((build) => (sizeIn(build, chromosome) ?? 0) >= end)
    .sort((a, b) => sizeIn(a, chromosome)! - sizeIn(b, chromosome)!)[0];
}
