import { type Interval, IntervalIndex, matchChromosomeNames, type NarrowPeak } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { PEAK_FLANK } from "./peak-windows.js";

/** What the peaks are ordered by, the strongest first. */
export const PEAK_ORDERS = ["q", "p", "signal", "given"] as const;
export type PeakOrder = (typeof PEAK_ORDERS)[number];

/** A peak as peak callers write it: narrowPeak, or BED without the columns of values. */
export type CalledPeak = Interval & Partial<Pick<NarrowPeak, "peak" | "qValue" | "pValue" | "signalValue">>;

/** A peak that the pipeline uses. */
export interface RankedPeak {
  /** As the genome names it. */
  readonly chromosome: string;
  /** 0-based, half-open. */
  readonly start: number;
  readonly end: number;
  /** Position of the summit; the middle of the peak where none was called. */
  readonly summit: number;
}

export interface SelectPeaksOptions {
  /** "q" when left out, or "given" for peaks without values. Ties by q go by p, and ties by p by signal. */
  readonly order?: PeakOrder;
  /** Regions whose peaks are left out. */
  readonly exclude?: readonly Interval[];
  /** Only peaks on these chromosomes; on all when left out or empty. */
  readonly chromosomes?: readonly string[];
  /** No peaks on these. */
  readonly excludedChromosomes?: readonly string[];
  /** Fewest peaks to be left. */
  readonly minimum: number;
  /** Name of the file of peaks, for messages. */
  readonly source: string;
}

/** Peaks in order, and how many were left out and why. */
export interface PeakSelection {
  readonly peaks: readonly RankedPeak[];
  readonly order: PeakOrder;
  readonly read: number;
  /** By chromosomes that were left out on purpose, that the genome lacks, by regions, and at ends of chromosomes. */
  readonly onLeftOutChromosomes: number;
  readonly onUnknownChromosomes: number;
  readonly excluded: number;
  readonly atEnds: number;
  /** Peaks without a called summit, of those kept. */
  readonly withoutSummit: number;
}

/**
 * Cleans and orders peaks: those on chromosomes that are wanted and known, off the excluded regions, with 150 bp on
 * either side of the summit, the strongest first. Chromosome names are matched to the genome's (chr1 and 1, chrIV and 4).
 *
 * @throws BindscapeError where no name fits the genome, where the order needs values that the peaks lack, and for fewer
 *   peaks than `minimum`
 */
export function selectPeaks(
  called: readonly CalledPeak[],
  genome: readonly { readonly name: string; readonly size: number }[],
  options: SelectPeaksOptions,
): PeakSelection {
  const { minimum, source } = options;
  const hasValues = called.length > 0 && called.every(({ signalValue }) => signalValue !== undefined);
  const order = options.order ?? (hasValues ? "q" : "given");
  if (order !== "given" && !hasValues) {
    throw new BindscapeError({
      source,
      found: "peaks without the columns of narrowPeak",
      expected: `signal, p- and q-values to order by ${order}`,
      next: "BED files are taken in the order given (--rank given)",
    });
  }
  const sizes = new Map(genome.map(({ name, size }) => [name, size]));
  const toGenome = (names: Iterable<string>) =>
    matchChromosomeNames([...new Set(names)], [...sizes.keys()]).map;
  const names = toGenome(called.map(({ chromosome }) => chromosome));
  if (names.size === 0 && called.length > 0) {
    throw new BindscapeError({
      source,
      found: `chromosomes named ${listNames(called.map(({ chromosome }) => chromosome))}`,
      expected: `names of the genome such as ${listNames(sizes.keys())}`,
      next: "Are the peaks of this genome?",
    });
  }
  const wanted = namedChromosomes(options.chromosomes, toGenome, sizes);
  const unwanted = namedChromosomes(options.excludedChromosomes, toGenome, sizes);
  const exclude = options.exclude ?? [];
  const excludeNames = toGenome(exclude.map(({ chromosome }) => chromosome));
  const forbidden = new IntervalIndex(
    exclude.flatMap((region) => {
      const chromosome = excludeNames.get(region.chromosome);
      return chromosome === undefined ? [] : [{ ...region, chromosome }];
    }),
  );
  const counts = {
    onLeftOutChromosomes: 0,
    onUnknownChromosomes: 0,
    excluded: 0,
    atEnds: 0,
    withoutSummit: 0,
  };
  const kept: { peak: RankedPeak; called: CalledPeak }[] = [];
  for (const peak of called) {
    const chromosome = names.get(peak.chromosome);
    const size = chromosome === undefined ? undefined : sizes.get(chromosome);
    const isCalled = peak.peak !== undefined && peak.peak >= 0;
    const summit = peak.start + (isCalled ? peak.peak : (peak.end - peak.start) >> 1);
    if (chromosome === undefined || size === undefined) counts.onUnknownChromosomes++;
    else if ((wanted !== null && !wanted.has(chromosome)) || unwanted?.has(chromosome))
      counts.onLeftOutChromosomes++;
    else if (forbidden.overlaps(chromosome, peak.start, Math.max(peak.end, peak.start + 1)))
      counts.excluded++;
    else if (summit < PEAK_FLANK || summit + PEAK_FLANK > size || peak.end > size) counts.atEnds++;
    else {
      if (!isCalled) counts.withoutSummit++;
      kept.push({ peak: { chromosome, start: peak.start, end: peak.end, summit }, called: peak });
    }
  }
  if (kept.length < minimum || kept.length === 0) {
    const lost = called.length - kept.length;
    throw new BindscapeError({
      source,
      found: `${kept.length} peaks${lost > 0 ? ` of ${called.length} (${describeLosses(counts)})` : ""}`,
      expected: `at least ${Math.max(1, minimum)}`,
      next:
        kept.length === 0
          ? undefined
          : "Motifs of few peaks are uncertain: --min-peaks N goes on with fewer, then lower --top too",
    });
  }
  if (order !== "given") kept.sort((a, b) => compareStrength(a.called, b.called, order));
  return { peaks: kept.map(({ peak }) => peak), order, read: called.length, ...counts };
}

/** Why peaks were left out, in words; "" where none was. */
export function describeLosses(
  losses: Pick<PeakSelection, "onLeftOutChromosomes" | "onUnknownChromosomes" | "excluded" | "atEnds">,
): string {
  return [
    [losses.onUnknownChromosomes, "on chromosomes that the genome lacks"],
    [losses.onLeftOutChromosomes, "on chromosomes left out"],
    [losses.excluded, "in excluded regions"],
    [losses.atEnds, "too close to the end of a chromosome"],
  ]
    .filter(([count]) => count !== 0)
    .map(([count, why]) => `${count} ${why}`)
    .join(", ");
}

/** Negative where a is the stronger; equal ones stay in their order. */
function compareStrength(a: CalledPeak, b: CalledPeak, order: Exclude<PeakOrder, "given">): number {
  const bySignal = b.signalValue! - a.signalValue!;
  if (order === "signal") return bySignal;
  const byP = b.pValue! - a.pValue! || bySignal;
  return order === "p" ? byP : b.qValue! - a.qValue! || byP;
}

/** Chromosomes by the genome's names; null for none named, which means no choice. */
function namedChromosomes(
  names: readonly string[] | undefined,
  toGenome: (names: Iterable<string>) => Map<string, string>,
  sizes: ReadonlyMap<string, number>,
): Set<string> | null {
  if (names === undefined || names.length === 0) return null;
  const map = toGenome(names);
  const unknown = names.find((name) => !map.has(name));
  if (unknown !== undefined) {
    throw new BindscapeError({
      source: "chromosomes",
      found: `no chromosome "${unknown}" in the genome`,
      expected: `names such as ${listNames(sizes.keys())}`,
    });
  }
  return new Set(map.values());
}

function listNames(names: Iterable<string>): string {
  const different = [...new Set(names)];
  return `${different.slice(0, 4).join(", ")}${different.length > 4 ? ", ..." : ""}`;
}
