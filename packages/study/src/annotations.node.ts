import { type Interval, mergeIntervals, openSource, readBed, readGeneParts } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { type Assembly, allocateShared } from "./assembly.js";
import { ChromosomeNames } from "./chromosome-names.js";
import { type AnnotationEntry, annotationNames } from "./metadata-schema.js";
import type { SourceAnnotation } from "./windows.js";

/** Annotations of one entry of a study, and what was odd about their file. */
export interface LoadedAnnotations {
  readonly annotations: readonly SourceAnnotation[];
  readonly warnings: readonly string[];
}

/**
 * Reads an entry of a study's `annotations` onto an assembly: intervals merged, and cut at the ends of segments.
 * @throws BindscapeError for a damaged file, one about other chromosomes, and one that reaches beyond a chromosome
 */
export async function loadAnnotations(
  entry: AnnotationEntry,
  file: string,
  assembly: Assembly,
): Promise<LoadedAnnotations> {
  const source = await openSource(file);
  try {
    const wanted = annotationNames(entry);
    const warnings: string[] = [];
    const found: { readonly name: string; readonly intervals: readonly Interval[] }[] = [];
    if (entry.name !== undefined) {
      found.push({ name: entry.name, intervals: mergeIntervals(await readBed(source)) });
    } else {
      const { parts, unstranded } = await readGeneParts(source, {
        promoterUpstream: entry.promoter?.upstream,
        promoterDownstream: entry.promoter?.downstream,
      });
      for (const [name, intervals] of parts) if (wanted.includes(name)) found.push({ name, intervals });
      if (unstranded > 0) {
        warnings.push(`${file}: ${unstranded} transcripts without a strand have no promoter and no UTRs`);
      }
    }
    const chromosomes = [...new Set(found.flatMap(({ intervals }) => intervals.map((i) => i.chromosome)))];
    if (chromosomes.length === 0) {
      warnings.push(`${file} has no intervals: no bin overlaps ${wanted.join(", ")}`);
    }
    const names = chromosomes.length > 0 ? ChromosomeNames.match(chromosomes, assembly, file) : null;
    const annotations = found.map(({ name, intervals }) =>
      placeAnnotation(name, intervals, assembly, (chromosome) => names?.inAssembly(chromosome), file),
    );
    return { annotations, warnings: [...warnings, ...(names?.finish() ?? [])] };
  } finally {
    await source.close();
  }
}

/** Merged intervals as arrays by segment, in memory that threads share. */
function placeAnnotation(
  name: string,
  intervals: readonly Interval[],
  assembly: Assembly,
  inAssembly: (chromosome: string) => string | undefined,
  file: string,
): SourceAnnotation {
  const byChromosome = new Map<string, Interval[]>();
  for (const interval of intervals) {
    const chromosome = inAssembly(interval.chromosome);
    if (chromosome === undefined) continue;
    const others = byChromosome.get(chromosome);
    if (others) others.push(interval);
    else byChromosome.set(chromosome, [interval]);
  }
  const placed = assembly.segments.map((segment) => {
    const onChromosome = byChromosome.get(segment.chromosome) ?? [];
    const beyond = onChromosome.find(({ end }) => assembly.isWhole && end > segment.end);
    // Promoters are made here, and may well reach beyond the end.
    if (beyond && name !== "promoter") {
      throw new BindscapeError({
        source: file,
        found: `${beyond.chromosome}:${beyond.start}-${beyond.end} ends beyond the chromosome`,
        expected: `an end of at most ${segment.end} on ${segment.chromosome}`,
        next: "Check that the file is of the study's assembly",
      });
    }
    return onChromosome
      .map(({ start, end }) => ({ start: Math.max(start, segment.start), end: Math.min(end, segment.end) }))
      .filter(({ start, end }) => start < end)
      .sort((a, b) => a.start - b.start);
  });
  const count = placed.reduce((sum, list) => sum + list.length, 0);
  const segmentFirst = new Uint32Array(allocateShared(4 * (placed.length + 1)));
  const starts = new Int32Array(allocateShared(4 * count));
  const ends = new Int32Array(allocateShared(4 * count));
  let at = 0;
  placed.forEach((list, s) => {
    for (const { start, end } of list) {
      starts[at] = start;
      ends[at++] = end;
    }
    segmentFirst[s + 1] = at;
  });
  return { name, segmentFirst, starts, ends };
}
