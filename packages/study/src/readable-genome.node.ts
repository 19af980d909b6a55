import { openGenomeFile, readGenome } from "./genome-file.node.js";

/** A genome of which any stretch can be read: from its file, or from memory where the file's form needs that. */
export interface ReadableGenomeFile {
  /** In the order of the file. */
  readonly chromosomes: readonly { readonly name: string; readonly size: number }[];
  /** Codes (0..4) of the bases [start, end) of a chromosome. */
  readCodes(name: string, start: number, end: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a genome file or address: 2bit and indexed FASTA are read where they are asked, other FASTA is held in memory.
 * @throws BindscapeError for what is no genome
 */
export async function openReadableGenome(file: string): Promise<ReadableGenomeFile> {
  const genome = await openGenomeFile(file);
  if (genome === null) {
    const records = await readGenome(file);
    const codesByName = new Map(records.map(({ name, codes }) => [name, codes]));
    return {
      chromosomes: records.map(({ name, codes }) => ({ name, size: codes.length })),
      readCodes: async (name, start, end) => codesByName.get(name)!.subarray(start, end),
      close: async () => {},
    };
  }
  try {
    const chromosomes: { name: string; size: number }[] = [];
    for (const name of genome.names) chromosomes.push({ name, size: await genome.readSize(name) });
    return {
      chromosomes,
      readCodes: (name, start, end) => genome.readCodes(name, start, end),
      close: () => genome.close(),
    };
  } catch (error) {
    await genome.close();
    throw error;
  }
}
