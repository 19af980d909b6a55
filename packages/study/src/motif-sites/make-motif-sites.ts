import { consensus, type Motif } from "@bindscape/motifs";
import { BindscapeError, Random } from "@bindscape/numerics";
import { accessCell, type CellAccess } from "../cell-access.js";
import type { SequenceSet } from "../sequence-set.js";
import { SPLIT_NAMES } from "../sequence-set-files.js";
import type { Experiment, Study } from "../study.js";
import { type AccessibleRegions, callAccessibleRegions } from "./accessible-regions.js";
import { countBackground, findMotifSites, type MotifSites, measureGcShares } from "./find-sites.js";
import { binOf, type MatchedBin, matchControls } from "./match-controls.js";
import type { MotifSiteOptions, MotifSiteSet, MotifSiteSummary, UnmatchedBin } from "./motif-site-options.js";
import { type PlacedSite, refuseTooFew, type SiteSelection, selectSites } from "./select-sites.js";
import { compareClasses, countClasses, measureBaselines, type SiteValues } from "./site-summary.js";
import { coreOffset, placeWindow, readWindowCodes } from "./site-windows.js";

/**
 * Decides for every instance of a motif whether it is bound, and makes a balanced data set of their windows (AgentBind,
 * Zheng et al. 2021, Online Methods): sequences in the motif's direction, centred on it. The study's hold-outs say
 * which part a window belongs to; what the study has no labels for is left out.
 * @throws BindscapeError where there are too few sites, saying how many are needed
 */
export async function makeMotifSites(
  study: Study,
  experiment: Experiment,
  motif: Motif,
  options: MotifSiteOptions = {},
): Promise<MotifSiteSet> {
  coreOffset(options.length ?? 1000, motif.length);
  const access = await accessCell(await study.loadCell(experiment.cell));
  try {
    return await makeFromAccess(study, experiment, motif, access, options);
  } finally {
    await access.close();
  }
}

async function makeFromAccess(
  study: Study,
  experiment: Experiment,
  motif: Motif,
  access: CellAccess,
  options: MotifSiteOptions,
): Promise<MotifSiteSet> {
  const { length = 1000, seed = 0, control = "baseline" } = options;
  const background = options.background ?? (await countBackground(access, options));
  const found = await findMotifSites(access, motif, { ...options, background });
  const sites = placeSites(found, access, length);
  const accessible = control === "accessibility" ? await chooseAccessible(access, options) : null;
  const selection = selectSites(study, experiment, access, sites, accessible?.regions, options);
  const { eligible, isBound, splits, counts } = selection;
  refuseTooFew(selection, eligible, experiment, options, "before matching");

  const minusLog10P = Float64Array.from(found.pValues, (p) => -Math.log10(p));
  const gcShares = await measureGc(access, eligible, sites, length, options);
  const scale = new MatchingScale(options);
  const keys = new Array<string>(sites.length).fill("");
  for (const i of eligible) keys[i] = scale.keyOf(minusLog10P[i], gcShares[i], splits[i]!);
  const { kept, bins } = matchControls(keys, isBound, {
    ratio: options.ratio,
    positives: options.positives,
    random: Random.forPart(seed, "motif sites"),
  });
  refuseTooFew(selection, kept, experiment, options, "after matching");

  const rows = Array.from(kept, (i) => sites[i]);
  const core: [number, number] = [coreOffset(length, motif.length), 0];
  core[1] = core[0] + motif.length;
  const set: SequenceSet = {
    source: study.source,
    count: kept.length,
    length,
    tasks: [{ factor: experiment.factor, cell: experiment.cell }],
    codes: await readWindowCodes(access, rows, length, core, options.core ?? "keep", options),
    labels: Float32Array.from(kept, (i) => isBound[i]),
    splits: Array.from(kept, (i) => splits[i]!),
    names: rows.map(({ core: { chromosome, start, strand } }) => `${chromosome}_${start}${strand}`),
    places: rows.map(({ window }) => window),
    cores: Int32Array.from({ length: 2 * kept.length }, (_, k) => core[k % 2]),
  };
  const pick = (values: ArrayLike<number>) => Float64Array.from(kept, (i) => values[i]);
  const columns: SiteValues[] = [
    { name: "-log10 p", unit: "", values: pick(minusLog10P) },
    { name: "motif score", unit: "bits", values: pick(found.scores) },
    { name: "GC share", unit: "", values: pick(gcShares) },
    ...(await measureSignal(access, rows, options.signalWidth ?? 200)),
  ];
  const quality = (values: Float64Array, width: number) => ({
    before: compareClasses(values, isBound, eligible),
    after: compareClasses(values, isBound, kept),
    histogramBefore: countClasses(values, isBound, eligible, eligible, width),
    histogramAfter: countClasses(values, isBound, kept, eligible, width),
  });
  const gcQuality = quality(gcShares, scale.gcBin);
  const keptBound = set.labels.reduce((sum, label) => sum + label, 0);
  const summary: MotifSiteSummary = {
    kind: "motif sites",
    assembly: study.assembly.name,
    factor: experiment.factor,
    cell: experiment.cell,
    motif: { id: motif.id, name: motif.name, length: motif.length, consensus: consensus(motif) },
    control,
    seed,
    peaks: experiment.peaks.length,
    sites: {
      ...counts,
      keptBound,
      keptUnbound: kept.length - keptBound,
      padded: rows.filter(({ window, segmentIndex }) => {
        const { start, end } = access.segments[segmentIndex];
        return window.start < start || window.end > end;
      }).length,
    },
    accessible: accessible && {
      regions: accessible.regions.length,
      share: accessible.share ?? null,
      threshold: accessible.threshold ?? null,
      track: accessible.track ?? null,
    },
    matching: {
      bins: bins.length,
      unmatchedBins: bins.filter((bin) => scale.isUnmatched(bin)).map((bin) => scale.describe(bin)),
      boundLeftOut: counts.bound - keptBound,
      quality: { "-log10 p": quality(minusLog10P, scale.pValueBin), "GC share": gcQuality },
    },
    gcDifference: gcQuality.after.bound - gcQuality.after.unbound,
    baselines: measureBaselines(
      columns.filter(({ name }) => name !== "motif score"),
      set.labels,
      set.splits!,
    ),
    warnings: warnOfMissingClasses(selection, kept),
  };
  return { set, columns, summary };
}

function placeSites(found: MotifSites, access: CellAccess, length: number): PlacedSite[] {
  return Array.from({ length: found.count }, (_, i) => {
    const segmentIndex = found.segmentIndices[i];
    const start = found.starts[i];
    const core = {
      chromosome: access.segments[segmentIndex].chromosome,
      start,
      end: start + found.width,
      strand: found.isReverse[i] === 1 ? ("-" as const) : ("+" as const),
    };
    return { segmentIndex, core, window: placeWindow(core, length) };
  });
}

/** Accessible regions as given, or called from a track. */
async function chooseAccessible(
  access: CellAccess,
  options: MotifSiteOptions,
): Promise<Partial<AccessibleRegions> & Pick<AccessibleRegions, "regions"> & { track?: string }> {
  if (options.accessible) {
    if (options.accessible.length > 0) return { regions: options.accessible };
    throw new BindscapeError({
      source: "accessible regions",
      found: "none on the genome's chromosomes",
      expected: "at least one",
    });
  }
  const names = access.tracks.map(({ name }) => name);
  const track = options.track === undefined ? 0 : names.indexOf(options.track);
  if (track < 0 || names.length === 0) {
    throw new BindscapeError({
      source: "accessibility control",
      found: names.length === 0 ? "a cell without tracks" : `no track named "${options.track}"`,
      expected: names.length === 0 ? "a track, or accessible regions" : `one of ${names.join(", ")}`,
      next: "Name a BED or narrowPeak file of accessible regions with --accessible, or add a track of DNase-seq or ATAC-seq",
    });
  }
  const called = await callAccessibleRegions(access, track, {
    width: options.accessibleWidth,
    share: options.accessibleShare,
    onProgress: options.onProgress,
    signal: options.signal,
  });
  return { ...called, track: names[track] };
}

/** GC shares of the windows of eligible sites; NaN for others. */
async function measureGc(
  access: CellAccess,
  eligible: Uint32Array,
  sites: readonly PlacedSite[],
  length: number,
  options: MotifSiteOptions,
): Promise<Float64Array> {
  const shares = new Float64Array(sites.length).fill(Number.NaN);
  const measured = await measureGcShares(
    access,
    Uint32Array.from(eligible, (i) => sites[i].segmentIndex),
    Int32Array.from(eligible, (i) => sites[i].window.start),
    length,
    options,
  );
  for (const [k, i] of eligible.entries()) shares[i] = measured[k];
  return shares;
}

/** Mean signal of every track in `width` bp around the middle of each core, cut at the ends of segments. */
async function measureSignal(
  access: CellAccess,
  rows: readonly PlacedSite[],
  width: number,
): Promise<SiteValues[]> {
  const stretches = rows.map(({ segmentIndex, core }) => {
    const segment = access.segments[segmentIndex];
    const start = Math.floor((core.start + core.end - width) / 2);
    return {
      segmentIndex,
      start: Math.max(segment.start, start),
      end: Math.min(segment.end, start + width),
    };
  });
  const columns: SiteValues[] = [];
  for (const [track, { name, unit }] of access.tracks.entries()) {
    columns.push({ name, unit, values: await access.readMeans(track, stretches) });
  }
  return columns;
}

/** The bins in which bound and unbound sites are matched, and how they are written. */
class MatchingScale {
  readonly pValueBin: number;
  readonly gcBin: number;
  readonly #withGc: boolean;
  readonly #withSplit: boolean;
  readonly #ratio: number;

  constructor(options: MotifSiteOptions) {
    this.pValueBin = checkWidth(options.pValueBin ?? 0.1, "-log10 p");
    this.gcBin = checkWidth(options.gcBin ?? 0.02, "GC share");
    this.#withGc = (options.control ?? "baseline") !== "baseline";
    this.#withSplit = options.matchWithin === "split";
    this.#ratio = options.ratio ?? 1;
  }

  keyOf(minusLog10P: number, gcShare: number, split: string): string {
    const write = (bin: number) => String(bin).padStart(6, "0");
    return [
      this.#withSplit ? split : "all",
      write(binOf(minusLog10P, this.pValueBin)),
      ...(this.#withGc ? [write(binOf(gcShare, this.gcBin))] : []),
    ].join(" ");
  }

  isUnmatched({ bound, keptBound, keptUnbound }: MatchedBin): boolean {
    return keptBound < bound || keptUnbound < this.#ratio * keptBound;
  }

  describe({ key, ...counts }: MatchedBin): UnmatchedBin {
    const [split, pValue, gc] = key.split(" ");
    const range = (bin: string, width: number) =>
      `${tidy(Number(bin) * width)} to ${tidy((Number(bin) + 1) * width)}`;
    const parts = [
      ...(split === "all" ? [] : [split]),
      `-log10 p ${range(pValue, this.pValueBin)}`,
      ...(gc === undefined ? [] : [`GC share ${range(gc, this.gcBin)}`]),
    ];
    return { bin: parts.join(", "), ...counts };
  }
}

function tidy(value: number): string {
  return String(Number(value.toPrecision(8)));
}

function checkWidth(width: number, what: string): number {
  if (width > 0 && Number.isFinite(width)) return width;
  throw new BindscapeError({
    source: `bins of ${what}`,
    found: `a width of ${width}`,
    expected: "a number above 0",
  });
}

/** Hold-outs without sites, or with one class alone, on which nothing can be measured. */
function warnOfMissingClasses({ isBound, splits }: SiteSelection, kept: Uint32Array): string[] {
  return SPLIT_NAMES.flatMap((split) => {
    const own = kept.filter((i) => splits[i] === split);
    const bound = own.filter((i) => isBound[i]).length;
    if (bound > 0 && bound < own.length) return [];
    return [
      own.length === 0
        ? `no site is in ${split}: choose other hold-outs`
        : `all ${own.length} sites in ${split} are ${bound > 0 ? "bound" : "unbound"}: nothing can be measured there`,
    ];
  });
}
