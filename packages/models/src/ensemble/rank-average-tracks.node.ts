import { type ChromosomeSize, openBigWig, writeBigWigFile } from "@bindscape/genome";
import { BindscapeError, rankAverage } from "@bindscape/numerics";

/**
 * Joins prediction tracks by the mean of their ranks (FactorNet, section 2.5): ranks run over all bins of a file,
 * ties get their mean rank, and the result is scaled to (0, 1].
 * @param inputs bigWig files with values on the same intervals
 * @throws BindscapeError where the files differ in chromosomes or intervals
 */
export async function rankAverageTracks(
  inputs: readonly string[],
  output: string,
): Promise<{ bins: number }> {
  if (inputs.length < 2) {
    throw new BindscapeError({
      found: `${inputs.length} input file`,
      expected: "at least two prediction tracks to join",
    });
  }
  const tracks = await Promise.all(inputs.map(readTrack));
  const [first, ...others] = tracks;
  for (const other of others) checkSameIntervals(first, other);
  const joined = rankAverage(tracks.map((track) => track.values));
  await writeBigWigFile(output, first.chromosomes, splitRuns(first, joined));
  return { bins: joined.length };
}

interface WholeTrack {
  readonly file: string;
  readonly chromosomes: ChromosomeSize[];
  readonly parts: { readonly chromosome: string; readonly starts: Uint32Array; readonly ends: Uint32Array }[];
  readonly values: Float64Array;
}

async function readTrack(file: string): Promise<WholeTrack> {
  const { reader, close } = await openBigWig(file);
  try {
    const chromosomes = [...reader.chromosomes].sort((a, b) => (a.name < b.name ? -1 : 1));
    const parts: WholeTrack["parts"] = [];
    const values: Float32Array[] = [];
    for (const { name, size } of chromosomes) {
      const intervals = await reader.readIntervals(name, 0, size);
      if (intervals.starts.length === 0) continue;
      parts.push({ chromosome: name, starts: intervals.starts, ends: intervals.ends });
      values.push(intervals.values);
    }
    const all = new Float64Array(values.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of values) {
      all.set(part, at);
      at += part.length;
    }
    return { file, chromosomes, parts, values: all };
  } finally {
    close();
  }
}

function checkSameIntervals(first: WholeTrack, other: WholeTrack): void {
  const sizes = new Map(first.chromosomes.map(({ name, size }) => [name, size]));
  const difference = () => {
    const odd = other.chromosomes.find(({ name, size }) => (sizes.get(name) ?? size) !== size);
    if (odd) return `${odd.name} of ${odd.size} bp, where ${first.file} has ${sizes.get(odd.name)}`;
    if (first.parts.length !== other.parts.length) {
      return `values on ${other.parts.length} chromosomes, where ${first.file} has ${first.parts.length}`;
    }
    for (const [index, part] of first.parts.entries()) {
      const twin = other.parts[index];
      if (part.chromosome !== twin.chromosome)
        return `values on ${twin.chromosome}, where ${first.file} has ${part.chromosome}`;
      if (part.starts.length !== twin.starts.length) {
        return `${twin.starts.length} intervals on ${part.chromosome}, where ${first.file} has ${part.starts.length}`;
      }
      const odd = part.starts.findIndex(
        (start, i) => start !== twin.starts[i] || part.ends[i] !== twin.ends[i],
      );
      if (odd >= 0) {
        return `the interval ${part.chromosome}:${twin.starts[odd]}-${twin.ends[odd]}, where ${first.file} has ${part.starts[odd]}-${part.ends[odd]}`;
      }
    }
    return null;
  };
  const found = difference();
  if (found === null) return;
  throw new BindscapeError({
    source: other.file,
    found,
    expected: "predictions on the same intervals",
    next: "Predict with the same study, --chromosomes and bins",
  });
}

function* splitRuns(track: WholeTrack, values: Float64Array) {
  let at = 0;
  for (const { chromosome, starts, ends } of track.parts) {
    yield { chromosome, starts, ends, values: Float32Array.from(values.subarray(at, at + starts.length)) };
    at += starts.length;
  }
}
