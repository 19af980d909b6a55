import { writeFileAtomically } from "../atomic-file.node.js";
import type { ChromosomeSize } from "../chromosome-sizes/read.js";
import { deflateInNode } from "./codec.node.js";
import { type BigWigRun, type WriteBigWigOptions, writeBigWig } from "./write.js";

/**
 * Writes a bigWig file (see {@link writeBigWig}); its name only ever stands for a complete file. Compresses with
 * `node:zlib`.
 */
export async function writeBigWigFile(
  path: string,
  chromosomes: readonly ChromosomeSize[],
  runs: Iterable<BigWigRun> | AsyncIterable<BigWigRun>,
  options: WriteBigWigOptions = {},
): Promise<void> {
  await writeFileAtomically(path, (sink) =>
    writeBigWig(sink, chromosomes, runs, { deflate: deflateInNode, ...options }),
  );
}
