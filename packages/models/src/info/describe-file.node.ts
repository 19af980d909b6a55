import { type ByteSource, openFile, readChromosomeSizes } from "@bindscape/genome";
import { describeNpy, describeNpz } from "./describe-arrays.node.js";
import { describeBundle } from "./describe-bundle.node.js";
import { describeBed, describeFragments, describeNarrowPeak } from "./describe-intervals.node.js";
import { describeMotifs } from "./describe-motifs.node.js";
import { describeChromosomeSizes, describeFasta, describeTwoBit } from "./describe-sequence.node.js";
import { describeBedGraph, describeBigBed, describeBigWig } from "./describe-signal.node.js";
import { describeStudy } from "./describe-study.node.js";
import type { Contents, FileDescription } from "./description.js";
import { type FileKind, findFileKind } from "./file-kind.node.js";

export interface DescribeOptions {
  /** Folder a study's files lie in, in place of the one the study names. */
  readonly dataFolder?: string;
}

/**
 * Says what a file or folder is and what is in it.
 * @throws BindscapeError where it cannot be read, is damaged, or is of no known kind
 */
export async function describeFile(path: string, options: DescribeOptions = {}): Promise<FileDescription> {
  const kind = await findFileKind(path);
  return { file: path, ...(await describers[kind](path, options)) };
}

type Describer = (path: string, options: DescribeOptions) => Promise<Contents>;

function fromSource(describe: (source: ByteSource) => Promise<Contents>): Describer {
  return async (path) => {
    const source = await openFile(path);
    return describe(source).finally(() => source.close());
  };
}

const describers: Readonly<Record<FileKind, Describer>> = {
  bundle: describeBundle,
  study: (path, { dataFolder }) => describeStudy(path, dataFolder),
  bigWig: fromSource(describeBigWig),
  bigBed: fromSource(describeBigBed),
  "2bit": fromSource(describeTwoBit),
  npz: fromSource(describeNpz),
  npy: fromSource(describeNpy),
  FASTA: describeFasta,
  motifs: describeMotifs,
  narrowPeak: describeNarrowPeak,
  BED: describeBed,
  bedGraph: describeBedGraph,
  fragments: describeFragments,
  "chromosome sizes": fromSource(async (source) =>
    describeChromosomeSizes(await readChromosomeSizes(source)),
  ),
};
