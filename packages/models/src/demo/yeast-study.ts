import type { FactorNetOptions } from "../architectures/factornet/options.js";
import type { TrainingSettings } from "../train/settings.js";

/** Factors of the demo, by how much of it is asked for. */
export const DEMO_FACTORS = {
  one: ["Reb1"],
  four: ["Reb1", "Abf1", "Rap1", "Mcm1"],
  all: ["Reb1", "Abf1", "Rap1", "Mcm1", "Fkh1", "Cin5", "Phd1", "Mbp1"],
} as const;

/** What the demo trains. */
export interface DemoPlan {
  readonly preset: "paper" | "compact";
  readonly networks: number;
  readonly options: Partial<FactorNetOptions>;
  readonly training: Partial<TrainingSettings>;
}

export const DEMO_PLANS = {
  full: { preset: "compact", networks: 2, options: {}, training: {} },
  small: { preset: "compact", networks: 1, options: {}, training: { epochs: 2 } },
} as const satisfies Record<string, DemoPlan>;

const CHROMOSOMES = [
  "I",
  "II",
  "III",
  "IV",
  "V",
  "VI",
  "VII",
  "VIII",
  "IX",
  "X",
  "XI",
  "XII",
  "XIII",
  "XIV",
  "XV",
  "XVI",
];

/**
 * The study of the demo and of `examples/yeast`: ChIP-exo summits (Rossi et al. 2021) and one ATAC-seq track on
 * sacCer3. The published files name chromosomes in three ways (I, chr1, chrI); the study maps them.
 * @param dataFolder folder of the files, or null to leave it to `--data`
 */
export function yeastStudyText(factors: readonly string[], dataFolder: string | null): string {
  return `# Budding yeast factors (ChIP-exo, Rossi et al. 2021) on sacCer3 with one ATAC-seq track. The files are those
# \`bindscape demo\` downloads${dataFolder === null ? "; `--data FOLDER` says where they lie" : ""}.
name: yeast
${dataFolder === null ? "" : `data: ${JSON.stringify(dataFolder)}\n`}assembly:
  name: sacCer3
  genome: single_sequences.2bit
  chromosomes: [${CHROMOSOMES.map((name) => `chr${name}`).join(", ")}]
motifs: JASPAR2022_fungi.pfm
cells:
  BY4741:
    tracks:
      - name: ATAC
        file: yeast_500k_SRR1822137.frag.gz
        unit: cut sites
        transform:
          # Ribosomal DNA: about a hundred copies in the cell, two in the assembly.
          mask: ["chrXII:450000-492000"]
          log: true
experiments:
${factors.map((factor) => `  - { factor: ${factor}, cell: BY4741, peaks: ${factor}_CX.bed, summitFlank: 100 }`).join("\n")}
holdOut:
  validation: { chromosomes: [chrII] }
  test: { chromosomes: [chrIV, chrVII, chrXIV] }
`;
}
