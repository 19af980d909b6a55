import { matchChromosomeNames } from "@bindscape/genome";
import {
  Assembly,
  type AssemblyOptions,
  allocateShared,
  buildAssembly,
  layOutSegments,
  type Segment,
} from "./assembly.js";
import { type GenomeFile, openGenomeFile, readGenome } from "./genome-file.node.js";
import type { StudyFile } from "./study-file.js";

/** An assembly, and its sequence wherever that is. */
export interface LoadedAssembly {
  readonly assembly: Assembly;
  /** Codes of all segments behind one another, read when first asked for. */
  loadCodes(): Promise<Uint8Array>;
  /** Opens the sequence for reading part by part. */
  openSequence(): Promise<SequenceReader>;
}

export interface SequenceReader {
  /** Codes of [start, end) of a segment, in chromosome coordinates. */
  readCodes(segmentIndex: number, start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Bases that are read at a time. */
const PART = 1 << 24;

/**
 * Loads the assembly of a study.
 * @param sequence "later" leaves the sequence in its file, where its format allows that
 */
export async function loadAssembly(
  file: StudyFile,
  genomeFile: string,
  sequence: "now" | "later",
): Promise<LoadedAssembly> {
  const { name, pieces, chromosomes } = file.assembly;
  const aliases = new Map(Object.entries(file.assembly.names ?? {}));
  const makeOptions = (inFile: readonly string[]): AssemblyOptions => {
    // Names a study uses win over those of the genome file: the map goes from the file to the study's list.
    const matched = chromosomes
      ? matchChromosomeNames([...new Set(inFile)], chromosomes).map
      : new Map<string, string>();
    const rename = (chromosome: string) => aliases.get(chromosome) ?? matched.get(chromosome) ?? chromosome;
    return { name, source: genomeFile, pieces, chromosomes, rename, aliases };
  };
  const genome = pieces ? null : await openGenomeFile(genomeFile);
  if (genome === null) {
    const records = await readGenome(genomeFile);
    const inFile = records.map((record) => (pieces ? record.name.replace(/:\d+-\d+$/, "") : record.name));
    return heldInMemory(buildAssembly(records, makeOptions(inFile)));
  }
  let segments: readonly Segment[];
  let names: readonly string[];
  try {
    const records = [];
    const options = makeOptions(genome.names);
    for (const name of genome.names) {
      const isWanted = options.chromosomes?.includes(options.rename!(name)) ?? true;
      records.push({ name, size: isWanted ? await genome.readSize(name) : 0 });
    }
    const laidOut = layOutSegments(records, options);
    segments = laidOut.segments;
    names = laidOut.recordOf.map((record) => genome.names[record]);
    if (sequence === "now") {
      const codes = await readAllCodes(segments, names, genome);
      return heldInMemory(new Assembly(name, segments, codes, aliases));
    }
  } finally {
    await genome.close();
  }
  const reopen = async () => (await openGenomeFile(genomeFile))!;
  let loading: Promise<Uint8Array> | undefined;
  return {
    assembly: new Assembly(name, segments, null, aliases),
    loadCodes: () => {
      loading ??= reopen().then((file) => readAllCodes(segments, names, file).finally(() => file.close()));
      return loading;
    },
    openSequence: async () => {
      const file = await reopen();
      return {
        readCodes: (segmentIndex, start, end) => file.readCodes(names[segmentIndex], start, end),
        close: () => file.close(),
      };
    },
  };
}

/** Reads all of a genome into the layout of its segments. */
async function readAllCodes(
  segments: readonly Segment[],
  names: readonly string[],
  genome: GenomeFile,
): Promise<Uint8Array> {
  const size = segments.reduce((sum, { start, end }) => sum + end - start, 0);
  const codes = new Uint8Array(allocateShared(size));
  for (const [index, { end, offset }] of segments.entries()) {
    for (let from = 0; from < end; from += PART) {
      codes.set(await genome.readCodes(names[index], from, Math.min(end, from + PART)), offset + from);
    }
  }
  return codes;
}

function heldInMemory(assembly: Assembly): LoadedAssembly {
  return {
    assembly,
    loadCodes: async () => assembly.codes,
    openSequence: async () => ({
      readCodes: async (segmentIndex, start, end) => {
        const segment = assembly.segments[segmentIndex];
        const at = segment.offset - segment.start;
        return assembly.codes.subarray(at + start, at + end);
      },
      close: async () => {},
    }),
  };
}
