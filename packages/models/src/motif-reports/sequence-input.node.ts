import { openSource } from "@bindscape/genome";
import {
  type Alphabet,
  type NamedSequence,
  readCalledPeaks,
  readSequences,
  selectPeaks,
} from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import { openReadableGenome } from "@bindscape/study";

export interface SequenceInputOptions {
  /** Genome of peaks: FASTA or 2bit; null where the file holds sequences. */
  readonly genome: string | null;
  /** Letters about each summit, with a genome. */
  readonly width: number;
  readonly alphabet?: Alphabet;
}

/**
 * Sequences of a FASTA file, or those about the summits of peaks (narrowPeak, BED), in the file's order. Windows
 * that would pass the end of a chromosome are moved inside.
 */
export async function readSequenceInput(
  file: string,
  { genome: genomeFile, width, alphabet }: SequenceInputOptions,
): Promise<NamedSequence[]> {
  if (genomeFile === null) {
    refusePeaks(file);
    const source = await openSource(file);
    try {
      return await readSequences(source, alphabet);
    } finally {
      await source.close();
    }
  }
  const source = await openSource(file);
  const genome = await openReadableGenome(genomeFile);
  try {
    const called = await readCalledPeaks(source);
    const { peaks } = selectPeaks(called, genome.chromosomes, {
      order: "given",
      minimum: 1,
      source: file,
    });
    const sizes = new Map(genome.chromosomes.map(({ name, size }) => [name, size]));
    const sequences: NamedSequence[] = [];
    for (const { chromosome, summit } of peaks) {
      const size = sizes.get(chromosome)!;
      const start = Math.max(0, Math.min(size - width, summit - Math.floor(width / 2)));
      const end = Math.min(size, start + width);
      const codes = (await genome.readCodes(chromosome, start, end)).slice();
      sequences.push({ name: `${chromosome}:${start}-${end}`, codes });
    }
    return sequences;
  } finally {
    await source.close();
    await genome.close();
  }
}

function refusePeaks(file: string): void {
  if (!/\.(bed|narrowpeak)(\.gz)?$/i.test(file)) return;
  throw new BindscapeError({
    source: file,
    found: "peaks without a genome",
    expected: "FASTA, or peaks with --genome",
    next: "Give --genome with the FASTA or 2bit file that the peaks lie in",
  });
}
