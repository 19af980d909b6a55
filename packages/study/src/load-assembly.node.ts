import { matchChromosomeNames } from "@bindscape/genome";
import {
  Assembly,
  type AssemblyOptions,
  addBaseCounts,
  allocateShared,
  buildAssembly,
  layOutSegments,
  type Segment,
} from "./assembly.js";
import { type GenomeFile, openGenomeFile, readGenome } from "./genome-file.node.js";
import type { StudyFile } from "./study-file.js";

/** Where the sequence of an assembly lies. */
export interface SequencePlace {
  readonly file: string;
  /** Name in the file of every segment's sequence; segments are whole sequences. */
  readonly names: readonly string[];
}

/** An assembly, and its sequence wherever that is. */
export interface LoadedAssembly {
  readonly assembly: Assembly;
  /** Null where the sequence is held in memory. */
  readonly place: SequencePlace | null;
  /** Bases of all segments by code, [5], counted when first asked for. */
  countBases(): Promise<Float64Array>;
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

/** Opens a sequence in its file for reading part by part. */
export async function openSequence({ file, names }: SequencePlace): Promise<SequenceReader> {
  const genome = (await openGenomeFile(file))!;
  return {
    readCodes: (segmentIndex, start, end) => genome.readCodes(names[segmentIndex], start, end),
    close: () => genome.close(),
  };
}

/**
 * Loads the assembly of a study.
 * @param isHeld whether an assembly of so many bases is read into memory now. Others stay in their file, where its
 *   format allows that
 */
export async function loadAssembly(
  file: StudyFile,
  genomeFile: string,
  isHeld: (bases: number) => boolean,
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
    if (isHeld(laidOut.segments.reduce((sum, { start, end }) => sum + end - start, 0))) {
      const codes = await readAllCodes(segments, names, genome);
      return heldInMemory(new Assembly(name, segments, codes, aliases));
    }
  } finally {
    await genome.close();
  }
  const place = { file: genomeFile, names };
  let loading: Promise<Uint8Array> | undefined;
  let counting: Promise<Float64Array> | undefined;
  return {
    assembly: new Assembly(name, segments, null, aliases),
    place,
    countBases: () => {
      counting ??= countPlacedBases(segments, place);
      return counting;
    },
    loadCodes: () => {
      loading ??= openGenomeFile(genomeFile).then((opened) =>
        readAllCodes(segments, names, opened!).finally(() => opened!.close()),
      );
      return loading;
    },
    openSequence: () => openSequence(place),
  };
}

async function countPlacedBases(segments: readonly Segment[], place: SequencePlace): Promise<Float64Array> {
  const counts = new Float64Array(5);
  const reader = await openSequence(place);
  try {
    for (const [index, { end }] of segments.entries()) {
      for (let from = 0; from < end; from += PART) {
        addBaseCounts(await reader.readCodes(index, from, Math.min(end, from + PART)), counts);
      }
    }
  } finally {
    await reader.close();
  }
  return counts;
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
    place: null,
    countBases: async () => addBaseCounts(assembly.codes, new Float64Array(5)),
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
