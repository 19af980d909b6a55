import {
  type FileSource,
  fileNameOf,
  openSource,
  type SequenceRecord,
  streamFasta,
  TwoBitReader,
} from "@bindscape/genome";
import type { ProgressListener } from "@bindscape/numerics";

/** Bases that a byte of gzipped FASTA is taken to hold. */
const BASES_PER_GZIP_BYTE = 4;

/** The sequences of a file, one in memory at a time. */
export interface SequenceStream {
  /** How many bases there are: exact for 2bit, guessed from the length of the file for FASTA. */
  readonly bases: number;
  read(onProgress?: ProgressListener): AsyncIterable<Pick<SequenceRecord, "name" | "codes">>;
  close(): Promise<void>;
}

/**
 * Opens FASTA (plain, gzip, bgzip) or 2bit, by path or http(s) address.
 * @throws BindscapeError where the file cannot be read
 */
export async function openSequences(file: string): Promise<SequenceStream> {
  const source = await openSource(file);
  try {
    if (/\.2bit$/i.test(fileNameOf(file))) return await openTwoBit(source, file);
    const size = await source.size();
    const start = await source.read(0, Math.min(2, size));
    const isGzip = start[0] === 0x1f && start[1] === 0x8b;
    return {
      bases: isGzip ? size * BASES_PER_GZIP_BYTE : size,
      read: (onProgress) => streamFasta(source, { onProgress, uniqueNames: false }),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function openTwoBit(source: FileSource, file: string): Promise<SequenceStream> {
  const reader = await TwoBitReader.open(source);
  let bases = 0;
  for (const name of reader.names) bases += await reader.readSize(name);
  return {
    bases,
    async *read(onProgress) {
      let done = 0;
      for (const name of reader.names) {
        const { codes } = await reader.read(name);
        yield { name, codes };
        done += codes.length;
        onProgress?.({ task: `reading ${file}`, done, total: bases, unit: "bases" });
      }
    },
    close: () => source.close(),
  };
}
