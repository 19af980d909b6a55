import {
  allocateShared,
  BinTable,
  buildAssembly,
  parseStudyFile,
  type Study,
  simulateStudy,
  type WindowSource,
} from "@bindscape/study";

const cell = "SimCell";
const largestCut = 50;
/** Peaks are 1-bp summits; a bound bin covers at least half of what lies within this many bp of one. */
const summitFlank = 100;

/** A study without files: an invented genome with one factor, its peaks, and accessibility. The same for the same seed. */
export function makeSimulatedStudy(seed: number): Study {
  const simulated = simulateStudy({ genomeSize: 600_000, chromosomes: 4, factors: 1, seed });
  const assembly = buildAssembly(simulated.chromosomes, { name: "simulated", source: "simulated" });
  const values = new Float32Array(allocateShared(assembly.size * 4));
  for (const { chromosome, start, end, offset } of assembly.segments) {
    const cuts = simulated.cuts[simulated.chromosomes.findIndex(({ name }) => name === chromosome)];
    for (let i = start; i < end; i++) values[offset + i - start] = Math.log1p(Math.min(cuts[i], largestCut));
  }
  const source: WindowSource = {
    segments: assembly.segments,
    codes: assembly.codes,
    tracks: [{ name: "accessibility", unit: "log cut sites", values, log: true }],
  };
  const [{ name: factor, peaks }] = simulated.factors;
  const file = parseStudyFile(
    `name: simulated
assembly: { name: simulated, genome: none }
cells: { ${cell}: {} }
experiments: [{ factor: ${factor}, cell: ${cell}, peaks: none }]
holdOut:
  validation: { chromosomes: [${simulated.validation.join(", ")}] }
  test: { chromosomes: [${simulated.test.join(", ")}] }`,
    "simulated",
  );
  const whole = (chromosome: string) => ({ chromosome, start: 0, end: Number.POSITIVE_INFINITY });
  return {
    name: "simulated",
    source: "simulated",
    file,
    assembly,
    bins: new BinTable(assembly, file.bins),
    holdOuts: {
      validation: simulated.validation.map(whole),
      test: simulated.test.map(whole),
      unlabelled: [],
      blacklist: simulated.blacklist,
    },
    experiments: [
      {
        factor,
        cell,
        peaks: peaks.map(({ chromosome, start, end }) => ({
          chromosome,
          start: Math.max(0, start - summitFlank),
          end: end + summitFlank,
        })),
        relaxedPeaks: [],
        motif: null,
        signalFile: null,
      },
    ],
    motifs: [],
    inputs: [],
    warnings: [],
    loadCell: async () => source,
    openCell: async () => null,
  };
}
