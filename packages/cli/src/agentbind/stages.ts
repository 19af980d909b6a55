import { join } from "node:path";
import { type AgentBindControl, agentBindControls } from "@bindscape/interpret";

/** What `bindscape agentbind` was asked for. */
export interface AgentBindPlan {
  readonly study: string;
  readonly data?: string;
  readonly factors: readonly string[];
  readonly cell?: string;
  readonly out: string;
  readonly controls: readonly AgentBindControl[];
  /** Sites whose network is explained. */
  readonly explain: AgentBindControl;
  readonly architecture: string;
  /** bp of a window. */
  readonly length: number;
  readonly hasPretraining: boolean;
  /** Networks with the core motif masked beside those that see it. */
  readonly hasMasked: boolean;
  /** A network trained from scratch beside the fine-tuned one. */
  readonly hasScratch: boolean;
  readonly hasBaselines: boolean;
  /** Most sequences of the gapped-k-mer SVM. */
  readonly gappedSequences: number;
  /** Most sequences of one file of scores. */
  readonly explained: number;
  readonly method: string;
  readonly motifs?: string;
  readonly tss?: string;
  readonly assembly?: string;
  readonly seed: number;
  readonly threads?: number;
  /** Words handed on to every training, and to the pre-training and the data sets. */
  readonly trainOptions: readonly string[];
  readonly pretrainOptions: readonly string[];
  readonly sitesOptions: readonly string[];
  readonly compendiumOptions: readonly string[];
}

/** One command of the whole: done where its output stands, skipped where something it needs is missing. */
export interface Stage {
  /** What is made, for messages and for other stages' needs: the path under the output folder. */
  readonly name: string;
  /** Words behind `bindscape`. */
  readonly args: readonly string[];
  readonly needs: readonly string[];
  /** Training that was stopped goes on from its checkpoints. */
  readonly isTraining?: boolean;
  /** Goes on without those of its needs that could not be made, where at least one stands. */
  readonly anyNeed?: boolean;
}

/** A network and the sites it was trained on. */
export interface TrainedSites {
  readonly control: AgentBindControl;
  readonly core: "keep" | "mask";
  readonly start: "pretrained" | "scratch";
}

/** Name of a data set of sites, in its factor's folder. */
export function sitesName(control: AgentBindControl, core: "keep" | "mask"): string {
  return `sites-${control}${core === "mask" ? "-masked" : ""}`;
}

/** Name of a network, in its factor's folder. */
export function modelName({ control, core, start }: TrainedSites): string {
  return `model-${control}${core === "mask" ? "-masked" : ""}${start === "scratch" ? "-scratch" : ""}`;
}

/** Name of a file of scores, in its factor's folder. */
export function scoresName(control: AgentBindControl, core: "keep" | "mask"): string {
  return `scores-${control}${core === "mask" ? "-masked" : ""}.npz`;
}

/** Networks of each factor, in the order they are trained. */
export function listNetworks(plan: AgentBindPlan): TrainedSites[] {
  const networks: TrainedSites[] = [];
  const start = plan.hasPretraining ? "pretrained" : "scratch";
  for (const control of agentBindControls.filter((name) => plan.controls.includes(name))) {
    networks.push({ control, core: "keep", start });
    // Masked: where Fig. 1b compares them, and where scores are looked at.
    if (plan.hasMasked && (control === plan.controls[0] || control === plan.explain))
      networks.push({ control, core: "mask", start });
    if (plan.hasScratch && plan.hasPretraining && control === plan.controls[0]) {
      networks.push({ control, core: "keep", start: "scratch" });
      if (plan.hasMasked) networks.push({ control, core: "mask", start: "scratch" });
    }
  }
  return networks;
}

/** Every command of the whole, in an order in which each finds what it needs. */
export function listStages(plan: AgentBindPlan): Stage[] {
  const { out, factors, explain, seed } = plan;
  const at = (...parts: string[]) => join(out, ...parts);
  const study = ["--study", plan.study, ...(plan.data === undefined ? [] : ["--data", plan.data])];
  const cell = plan.cell === undefined ? [] : ["--cell", plan.cell];
  const threads = plan.threads === undefined ? [] : ["--threads", `${plan.threads}`];
  const network = ["--architecture", plan.architecture, "--seed", `${seed}`, ...threads];
  const stages: Stage[] = [];
  if (plan.hasPretraining) {
    stages.push(
      {
        name: "compendium",
        args: [
          ...["dataset", "compendium", ...study, "--length", `${plan.length}`],
          ...plan.compendiumOptions,
          ...["--out", at("compendium")],
        ],
        needs: [],
      },
      {
        name: "pretrained",
        args: [
          "sequences",
          "train",
          at("compendium"),
          ...network,
          ...plan.pretrainOptions,
          "--out",
          at("pretrained"),
        ],
        needs: ["compendium"],
        isTraining: true,
      },
    );
  }
  for (const factor of factors) stages.push(...listFactorStages(plan, factor, study, cell, network, threads));
  const each = (name: string) => factors.map((factor) => `${factor}/${name}`);
  const scores = each(scoresName(explain, "keep"));
  const own = modelName({
    control: explain,
    core: "keep",
    start: plan.hasPretraining ? "pretrained" : "scratch",
  });
  const words = [
    ...(plan.motifs === undefined ? [] : ["--motifs", plan.motifs]),
    ...(plan.tss === undefined ? [] : ["--tss", plan.tss]),
    ...(plan.tss === undefined || plan.assembly === undefined ? [] : ["--assembly", plan.assembly]),
  ];
  stages.push({
    name: "words",
    args: ["words", "{needs}", ...words, "--out", at("words")],
    needs: scores,
    anyNeed: true,
  });
  if (factors.length > 1) {
    stages.push(
      {
        name: "profiles.html",
        args: ["interpret", "profiles", "{needs}", "--out", at("profiles.html")],
        needs: scores,
        anyNeed: true,
      },
      {
        name: "cross",
        args: [
          "cross",
          "{needs}",
          "--datasets",
          `{needs:${sitesName(explain, "keep")}}`,
          ...threads,
          "--out",
          at("cross"),
        ],
        needs: each(own),
        anyNeed: true,
      },
    );
  }
  return stages;
}

function listFactorStages(
  plan: AgentBindPlan,
  factor: string,
  study: readonly string[],
  cell: readonly string[],
  network: readonly string[],
  threads: readonly string[],
): Stage[] {
  const { out, explain, seed } = plan;
  const at = (name: string) => join(out, factor, name);
  const named = (name: string) => `${factor}/${name}`;
  const stages: Stage[] = [];
  const networks = listNetworks(plan);
  const wanted = new Set(networks.map(({ control, core }) => sitesName(control, core)));
  for (const control of plan.controls) {
    for (const core of ["keep", "mask"] as const) {
      const name = sitesName(control, core);
      if (!wanted.has(name)) continue;
      stages.push({
        name: named(name),
        args: [
          ...["dataset", "motif-sites", ...study, "--factor", factor, ...cell, "--control", control],
          ...["--core", core, "--length", `${plan.length}`, "--seed", `${seed}`],
          ...plan.sitesOptions,
          ...["--out", at(name)],
        ],
        needs: [],
      });
    }
  }
  for (const one of networks) {
    const from = one.start === "pretrained" ? ["--from", join(out, "pretrained")] : [];
    const sites = sitesName(one.control, one.core);
    stages.push({
      name: named(modelName(one)),
      args: [
        ...["sequences", "train", at(sites), ...from, ...network, ...plan.trainOptions],
        ...["--out", at(modelName(one))],
      ],
      needs: [named(sites), ...(one.start === "pretrained" ? ["pretrained"] : [])],
      isTraining: true,
    });
  }
  if (plan.hasBaselines) {
    const sites = sitesName(plan.controls[0], "keep");
    for (const [name, method] of [
      ["baseline-words", ["kmer-logistic"]],
      ["baseline-gapped", ["gkm-svm", "--most-sequences", `${plan.gappedSequences}`]],
    ] as const) {
      stages.push({
        name: named(name),
        args: ["sequences", "baseline", at(sites), "--method", ...method, "--out", at(name)],
        needs: [named(sites)],
      });
    }
  }
  for (const core of plan.hasMasked ? (["keep", "mask"] as const) : (["keep"] as const)) {
    const model = modelName({
      control: explain,
      core,
      start: plan.hasPretraining ? "pretrained" : "scratch",
    });
    const explained = (method: string, name: string, more: readonly string[]): Stage => ({
      name: named(name),
      args: [
        ...["interpret", at(model), "--method", method, "--dataset", at(sitesName(explain, core))],
        ...["--most", `${plan.explained}`, ...more, ...threads, "--out", at(name)],
      ],
      needs: [named(model)],
    });
    stages.push(explained(plan.method, scoresName(explain, core), []));
    if (core === "mask") continue;
    // Motifs need what every base would contribute, which DeepLIFT says and Grad-CAM does not.
    stages.push(explained("deeplift", "contributions.npz", ["--bound", "--reference", "uniform"]), {
      name: named("motifs"),
      args: [
        ...["seqlets", at("contributions.npz")],
        ...(plan.motifs === undefined ? [] : ["--motifs", plan.motifs]),
        ...["--out", at("motifs")],
      ],
      needs: [named("contributions.npz")],
    });
  }
  return stages;
}
