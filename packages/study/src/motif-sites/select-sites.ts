import type { Interval } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { CellAccess } from "../cell-access.js";
import type { SequencePlace, SplitName } from "../sequence-set.js";
import type { Experiment, Study } from "../study.js";
import { BOUND_SITE, labelSites, TOUCHED, UNTOUCHED } from "./label-sites.js";
import type { MotifSiteOptions, SiteCounts } from "./motif-site-options.js";
import { indexIntervals, makeWindowSplitter } from "./split-windows.js";

/** Instances that may go into a data set. */
export interface SiteSelection {
  /** Numbers of the instances, ascending. */
  readonly eligible: Uint32Array;
  /** By instance. */
  readonly isBound: Uint8Array;
  /** By instance; null for those left out before it mattered. */
  readonly splits: readonly (SplitName | null)[];
  readonly counts: SiteCounts;
}

/** An instance and the window around it. */
export interface PlacedSite {
  readonly segmentIndex: number;
  readonly core: SequencePlace;
  readonly window: SequencePlace;
}

/** Labels instances and leaves out those that the study or the options exclude. */
export function selectSites(
  study: Pick<Study, "holdOuts">,
  { peaks, relaxedPeaks }: Pick<Experiment, "peaks" | "relaxedPeaks">,
  access: Pick<CellAccess, "segments">,
  sites: readonly PlacedSite[],
  accessible: readonly Interval[] | undefined,
  options: MotifSiteOptions,
): SiteSelection {
  const cores = sites.map(({ core }) => core);
  const labels = labelSites(cores, peaks, options.boundRule ?? "strict");
  const relaxed = labelSites(cores, relaxedPeaks, "overlap");
  const { holdOuts } = study;
  const blacklist = indexIntervals(holdOuts.blacklist);
  const unlabelled = indexIntervals(holdOuts.unlabelled);
  const open = accessible && indexIntervals(accessible);
  const splitOf = makeWindowSplitter(holdOuts);
  const counts = {
    instances: sites.length,
    blacklisted: 0,
    unlabelled: 0,
    atEnds: 0,
    atBorders: 0,
    ambiguous: 0,
    inaccessible: 0,
    bound: 0,
    unbound: 0,
  };
  const splits = new Array<SplitName | null>(sites.length).fill(null);
  const eligible: number[] = [];
  for (const [i, { core, window, segmentIndex }] of sites.entries()) {
    const segment = access.segments[segmentIndex];
    const start = Math.max(segment.start, window.start);
    const end = Math.min(segment.end, window.end);
    const { chromosome } = core;
    const kept = options.blacklisted === "window" ? { start, end } : core;
    if (blacklist.overlaps(chromosome, kept.start, kept.end)) {
      counts.blacklisted++;
      continue;
    }
    if (unlabelled.overlaps(chromosome, core.start, core.end)) {
      counts.unlabelled++;
      continue;
    }
    if ((options.ends ?? "drop") === "drop" && end - start < window.end - window.start) {
      counts.atEnds++;
      continue;
    }
    splits[i] = splitOf({ chromosome, start, end });
    if (splits[i] === null) {
      counts.atBorders++;
      continue;
    }
    const isTouched = labels[i] === TOUCHED && options.touched === "drop";
    if (isTouched || (labels[i] !== BOUND_SITE && relaxed[i] !== UNTOUCHED)) {
      counts.ambiguous++;
      continue;
    }
    const width = core.end - core.start;
    if (open && open.overlapLength(chromosome, core.start, core.end) < width) {
      counts.inaccessible++;
      continue;
    }
    if (labels[i] === BOUND_SITE) counts.bound++;
    else counts.unbound++;
    eligible.push(i);
  }
  return {
    eligible: Uint32Array.from(eligible),
    isBound: labels.map((label) => (label === BOUND_SITE ? 1 : 0)),
    splits,
    counts,
  };
}

/**
 * Refuses a selection with too few bound or unbound sites in training.
 * @throws BindscapeError saying how many there are, how many are needed, and where the others went
 */
export function refuseTooFew(
  { isBound, splits, counts }: SiteSelection,
  items: Uint32Array,
  { factor, cell }: Pick<Experiment, "factor" | "cell">,
  { minimumSites = 50, control = "baseline" }: MotifSiteOptions,
  stage: "before matching" | "after matching",
): void {
  let bound = 0;
  let unbound = 0;
  for (const i of items) {
    if (splits[i] !== "training") continue;
    if (isBound[i]) bound++;
    else unbound++;
  }
  if (bound >= minimumSites && unbound >= minimumSites) return;
  const lost = [
    [counts.blacklisted, "on the blacklist"],
    [counts.unlabelled, "without labels"],
    [counts.atEnds, "at ends of chromosomes"],
    [counts.atBorders, "at borders of hold-outs"],
    [counts.ambiguous, "ambiguous"],
    [counts.inaccessible, "not accessible"],
  ] as const;
  const left = lost.filter(([count]) => count > 0).map(([count, why]) => `${count} ${why}`);
  const advice = [
    "Raise --thresh",
    ...(control === "baseline" ? [] : ["match less (--control baseline, or a wider --gc-bin)"]),
    ...(stage === "after matching" ? ["keep all bound sites (--positives all)"] : []),
    "or lower --minimum-sites",
  ];
  throw new BindscapeError({
    source: `${factor} in ${cell}`,
    found: `${bound} bound and ${unbound} unbound motif instances for training ${stage}, of ${counts.instances} on the genome (${counts.bound} bound and ${counts.unbound} unbound in all parts${left.length > 0 ? `; left out: ${left.join(", ")}` : ""})`,
    expected: `at least ${minimumSites} of each`,
    next: advice.join(", "),
  });
}
