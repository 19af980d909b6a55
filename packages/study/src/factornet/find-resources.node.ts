import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describeFileError } from "@bindscape/genome";

/** Annotations of FactorNet's `resources` folder in the order its networks take them. */
const ANNOTATIONS = ["cpg", "cds", "intron", "promoter", "utr5", "utr3"] as const;

/** The files of FactorNet's `resources` folder that are there, resolved. */
export interface FactornetResources {
  readonly genome?: string;
  /** `chrom.sizes`: the chromosomes to use, in order. */
  readonly chromosomeSizes?: string;
  readonly blacklist?: string;
  readonly motifs?: string;
  /** BED files of genome annotation: CpG islands, then coding sequence, introns, promoters, 5' and 3' UTRs. */
  readonly annotations: readonly { readonly name: string; readonly file: string }[];
}

/**
 * The `resources` folder that belongs to a cell's folder: beside it, or beside the folder that holds it, as
 * `resources` and `data/GM12878` lie in the published implementation.
 */
export function findResourcesFolder(directory: string): string | undefined {
  return ["../resources", "../../resources"]
    .map((up) => resolve(directory, up))
    .find((path) => existsSync(path));
}

/**
 * Finds the files of a `resources` folder by their usual names, such as `hg19.fa`, `hg19.autoX.chrom.sizes`,
 * `blacklist.bed.gz`, `cpgisland.bed.gz`, `wgEncodeGencodeBasicV19.cds.merged.bed.gz` and `HOCOMOCOv9.meme`.
 */
export async function findFactornetResources(folder: string): Promise<FactornetResources> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    throw describeFileError(error, folder, "read");
  }
  const find = (...patterns: readonly RegExp[]) => {
    for (const pattern of patterns) {
      const name = names.find((candidate) => pattern.test(candidate));
      if (name !== undefined) return join(folder, name);
    }
    return undefined;
  };
  const found = {
    genome: find(/\.2bit$/i, /\.(fa|fasta)$/i, /\.(fa|fasta)\.gz$/i),
    chromosomeSizes: find(/autoX\.chrom\.sizes$/i, /\.chrom\.sizes$/i),
    blacklist: find(/blacklist.*\.bed(\.gz)?$/i, /Excludable\.bed(\.gz)?$/i),
    motifs: find(/\.meme$/i, /\.pfm$/i),
  };
  const annotations = ANNOTATIONS.flatMap((name) => {
    // "cpg" also stands for cpgisland.bed.gz; the others are a part of a longer name of their own.
    const file = find(
      new RegExp(`(^|[._-])${name === "cpg" ? "cpg[a-z_]*" : name}(\\.merged)?\\.bed(\\.gz)?$`, "i"),
    );
    return file === undefined ? [] : [{ name, file }];
  });
  return { ...found, annotations };
}
