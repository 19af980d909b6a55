import {
  annotationNames,
  BOUND,
  countPeaksInSplit,
  type Experiment,
  labelExperiment,
  loadStudy,
  type Study,
  splitStudy,
  TEST,
  TRAINING,
  VALIDATION,
} from "@bindscape/study";
import { type Contents, count, formatNames, formatNumber } from "./description.js";

/** Windows of the paper's length decide which bins lie too near a border, in a description. */
const windowLength = 1000;

/** Larger assemblies' tracks are not read for a description: each takes 4 bytes a base. */
const mostTrackBases = 2 ** 28;

const splitNames = [
  ["training", TRAINING],
  ["validation", VALIDATION],
  ["test", TEST],
] as const;

/**
 * A study, read and checked as training reads it: genome, hold-outs, peaks and, for assemblies of up to 256 Mb,
 * tracks.
 * @throws BindscapeError for the first thing that is missing or does not fit
 */
export async function describeStudy(path: string, dataFolder?: string): Promise<Contents> {
  const study = await loadStudy(path, { dataFolder });
  const cells = Object.entries(study.file.cells);
  const annotations = study.file.annotations.flatMap(annotationNames);
  const { expression } = study.file;
  const readsTracks = study.assembly.size <= mostTrackBases;
  // Warnings about tracks come up while they load.
  if (readsTracks) for (const [cell] of cells) await study.loadCell(cell);
  const splits = splitStudy(study, windowLength);
  const experiments = study.experiments.map((experiment) => describeExperiment(study, experiment, splits));
  const chromosomes = study.assembly.chromosomes;
  const { training, validation, test, ...left } = splits.counts;
  return {
    kind: "study",
    facts: {
      name: study.name,
      assembly: study.assembly.name,
      bases: study.assembly.size,
      chromosomes,
      cells: Object.fromEntries(cells.map(([name, { tracks }]) => [name, tracks.map((track) => track.name)])),
      annotations,
      tracksRead: readsTracks,
      windowLength,
      bins: { total: study.bins.count, ...splits.counts },
      experiments,
      warnings: study.warnings,
    },
    rows: [
      ["name", study.name],
      [
        "assembly",
        `${study.assembly.name}: ${formatNumber(study.assembly.size)} bp on ${count(chromosomes.length, "chromosome")}, ${formatNames(chromosomes.map(({ name }) => name))}`,
      ],
      ...cells.map(
        ([name, { tracks, covariates = {} }]) =>
          [
            `cell ${name}`,
            [
              tracks.length === 0 ? "no tracks" : tracks.map((track) => track.name).join(", "),
              ...Object.entries(covariates).map(([covariate, value]) => `${covariate} ${value}`),
            ].join(", "),
          ] as const,
      ),
      ...(annotations.length > 0 ? [["annotations", annotations.join(", ")] as const] : []),
      ...(expression
        ? [["expression", `${count(expression.components, "component")} of ${expression.file}`] as const]
        : []),
      ...(readsTracks
        ? []
        : ([["tracks", "there, but not read for this description: the genome is large"]] as const)),
      [
        "bins",
        `${formatNumber(training)} training, ${formatNumber(validation)} validation, ${formatNumber(test)} test (windows of ${windowLength} bp)`,
      ],
      [
        "left out",
        `${formatNumber(left.atBorders)} at borders, ${formatNumber(left.blacklisted)} blacklisted, ${formatNumber(left.unlabelled)} unlabelled`,
      ],
      ["experiments", "counts in training / validation / test"],
      ...experiments.map(
        ({ factor, cell, motif, peaks, bound }) =>
          [
            `${factor} in ${cell}`,
            `peaks ${threeOf(peaks)}; bound bins ${threeOf(bound)}; motif ${motif ?? "none"}`,
          ] as const,
      ),
      ...study.warnings.map((warning) => ["warning", warning] as const),
    ],
  };
}

type BySplit = Readonly<Record<"training" | "validation" | "test", number>>;

function threeOf({ training, validation, test }: BySplit): string {
  return [training, validation, test].map((value) => formatNumber(value)).join(" / ");
}

function describeExperiment(study: Study, experiment: Experiment, splits: ReturnType<typeof splitStudy>) {
  const labels = labelExperiment(study, experiment);
  const bound = { training: 0, validation: 0, test: 0 };
  for (const [name, split] of splitNames) {
    for (let bin = 0; bin < labels.length; bin++) {
      if (labels[bin] === BOUND && splits.use[bin] === split) bound[name]++;
    }
  }
  const countPeaks = (split: number) => countPeaksInSplit(study, [experiment], splits, split);
  return {
    factor: experiment.factor,
    cell: experiment.cell,
    motif: experiment.motif?.id ?? null,
    peaks: {
      total: experiment.peaks.length,
      training: countPeaks(TRAINING),
      validation: countPeaks(VALIDATION),
      test: countPeaks(TEST),
    },
    bound,
  };
}
