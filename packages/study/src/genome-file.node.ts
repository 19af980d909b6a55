import { existsSync } from "node:fs";
import {
  type ByteSource,
  type FileSource,
  fileNameOf,
  IndexedFastaReader,
  isAddress,
  isBgzf,
  openSource,
  readFasta,
  readTwoBit,
  type SequenceRecord,
  TwoBitReader,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** A genome file of which any stretch can be read without the rest. */
export interface GenomeFile {
  readonly names: readonly string[];
  /** Length of a sequence in bases. */
  readSize(name: string): Promise<number>;
  /** Codes (0..4) of the bases [start, end) of a sequence. */
  readCodes(name: string, start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** FASTA without an index up to this many bytes is read whole; of a longer local file an index is made first. */
const LARGEST_WHOLE_FASTA = 1 << 28;

/** Reads all sequences of a genome file or address: 2bit by its ending, FASTA otherwise. */
export async function readGenome(file: string): Promise<SequenceRecord[]> {
  const source = await openSource(file);
  try {
    return isTwoBitName(file) ? await readTwoBit(source) : await readFasta(source);
  } finally {
    await source.close();
  }
}

/**
 * Opens a genome file or address: 2bit, or FASTA (plain or bgzip) with a `.fai` index beside it; null for FASTA
 * that is better read whole.
 * @throws BindscapeError also for FASTA too large to be read whole of which no part can be read
 */
export async function openGenomeFile(file: string): Promise<GenomeFile | null> {
  const source = await openSource(file);
  try {
    const genome = isTwoBitName(file) ? await openTwoBit(source) : await openFasta(file, source);
    if (genome === null) await source.close();
    return genome;
  } catch (error) {
    await source.close();
    throw error;
  }
}

function isTwoBitName(file: string): boolean {
  return /\.2bit$/i.test(fileNameOf(file));
}

async function openTwoBit(source: FileSource): Promise<GenomeFile> {
  const reader = await TwoBitReader.open(source);
  return {
    names: reader.names,
    readSize: (name) => reader.readSize(name),
    readCodes: (name, start, end) => reader.readCodes(name, start, end),
    close: () => source.close(),
  };
}

async function openFasta(file: string, source: FileSource): Promise<GenomeFile | null> {
  const opened: FileSource[] = [source];
  const isRemote = isAddress(file);
  try {
    const size = await source.size();
    const start = await source.read(0, Math.min(2, size));
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    const index = isGzip && !(await isBgzf(source)) ? undefined : await openBeside(file, ".fai", opened);
    if (index === undefined && size <= LARGEST_WHOLE_FASTA) return null;
    if (index === undefined && isRemote) {
      throw new BindscapeError({
        source: file,
        found: `a FASTA file of ${size} bytes without an index beside it`,
        expected: "2bit, or FASTA (plain or bgzip) with an index of the same name and .fai",
        next: "Make the index with samtools faidx, or name the 2bit file of the genome",
      });
    }
    if (index === undefined && isGzip && !(await isBgzf(source))) return null;
    let blockIndex: ByteSource | undefined;
    if (isGzip) blockIndex = await openBeside(file, ".gzi", opened);
    const reader = await IndexedFastaReader.open(source, { index, blockIndex });
    const sizes = new Map(reader.sequences.map((sequence) => [sequence.name, sequence.size]));
    return {
      names: [...sizes.keys()],
      readSize: async (name) => sizes.get(name)!,
      readCodes: (name, from, to) => reader.readCodes(name, from, to),
      close: () => closeAll(opened),
    };
  } catch (error) {
    await closeAll(opened.slice(1));
    throw error;
  }
}

async function closeAll(sources: readonly FileSource[]): Promise<void> {
  for (const source of sources) await source.close();
}

/** Opens the file of the same name and an ending that belongs to a file or an address, where it is there. */
export async function openBeside(
  file: string,
  ending: string,
  opened: FileSource[],
): Promise<FileSource | undefined> {
  let source: FileSource;
  if (isAddress(file)) {
    const address = new URL(file);
    address.pathname += ending;
    try {
      source = await openSource(address.href, { attempts: 2 });
    } catch (error) {
      // Servers say 404 or 403 for a file that is not there; what else is wrong shows with the file itself.
      if (error instanceof BindscapeError) return undefined;
      throw error;
    }
  } else {
    if (!existsSync(file + ending)) return undefined;
    source = await openSource(file + ending);
  }
  opened.push(source);
  return source;
}
