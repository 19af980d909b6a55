import { Random } from "@bindscape/numerics";
import { simulatedFactors } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { renderAgentBindFactor } from "../src/agentbind/factor-page.js";
import { renderAgentBindOverview } from "../src/agentbind/overview-page.js";
import type { AgentBindReport, SiteEvaluation } from "../src/agentbind/report-data.js";

export function fakeReport(factor: string): AgentBindReport {
  const random = new Random(factor);
  const [{ motif }] = simulatedFactors(1);
  const evaluation = (
    control: SiteEvaluation["control"],
    core: SiteEvaluation["core"],
    start: SiteEvaluation["start"],
    label: string,
  ): SiteEvaluation => {
    const power = 0.1 + 0.2 * random.uniform();
    const x = Array.from({ length: 41 }, (_, i) => i / 40);
    return {
      key: `${control}-${core}-${start ?? label}`,
      label,
      control,
      core,
      start,
      positives: 120,
      negatives: 118,
      auroc: 1 / (1 + power),
      auprc: 0.9,
      partialAuroc: 0.061,
      normalisedPartialAuroc: 0.61,
      roc: { x, y: x.map((value) => value ** power) },
    };
  };
  const profile = (core: "keep" | "mask", label: "bound" | "unbound") => ({
    core,
    label,
    sequences: 120,
    values: Array.from(
      { length: 600 },
      (_, i) =>
        0.001 +
        0.004 * Math.exp(-(((i - 300) / 60) ** 2)) * (core === "keep" ? 1 : 0.4) +
        0.0002 * random.normal(),
    ),
  });
  return {
    factor,
    cell: "SimCell",
    motif,
    windowLength: 600,
    architecture: "DanQ",
    pretraining: { tracks: 7, sequences: 12_000, auroc: 0.83 },
    counts: (["baseline", "gc", "accessibility"] as const).map((control) => ({
      control,
      sites: 2_345,
      bound: 640,
      chosen: {
        training: { bound: 400, unbound: 396 },
        validation: { bound: 80, unbound: 78 },
        test: { bound: 120, unbound: 118 },
      },
      gcBound: 0.41,
      gcUnbound: 0.39,
      warnings: control === "gc" ? ["3 bins have fewer unbound than bound sites"] : [],
    })),
    evaluations: [
      evaluation("baseline", "keep", "pretrained", "pre-trained, core kept"),
      evaluation("baseline", "keep", "scratch", "from scratch, core kept"),
      evaluation("baseline", "mask", "pretrained", "pre-trained, core masked"),
      evaluation("baseline", "mask", "scratch", "from scratch, core masked"),
      evaluation("baseline", "keep", null, "accessibility alone"),
      evaluation("gc", "keep", "pretrained", "pre-trained, core kept"),
      evaluation("accessibility", "keep", "pretrained", "pre-trained, core kept"),
    ],
    explained: "gc",
    method: "Grad-CAM × saliency",
    profiles: [profile("keep", "bound"), profile("mask", "bound"), profile("keep", "unbound")],
    words: [
      { word: "GATTC", top: 40, all: 300, oddsRatio: 12.5, log10AdjustedP: -23.4, known: "SimP" },
      { word: "CCGCA", top: 22, all: 280, oddsRatio: 4.5, log10AdjustedP: -310, known: null },
    ],
    motifs: [{ motif, seqlets: 84, known: "SimA" }],
    examples: [
      {
        name: "site_1",
        chromosome: "chr3",
        start: 12_300,
        strand: "-",
        sequence: Array.from({ length: 600 }, () => "ACGT"[random.integer(4)]).join(""),
        core: [295, 305],
        scores: Array.from(
          { length: 600 },
          (_, i) =>
            random.normal() * 0.01 + ((i > 294 && i < 306) || (i > 100 && i < 110) ? random.uniform() : 0),
        ),
        probability: 0.973,
      },
    ],
    notes: [],
  };
}

describe("pages of motif sites", () => {
  it("show a factor's sites, curves, scores and words", () => {
    const page = renderAgentBindFactor(fakeReport("SimA"));
    for (const text of [
      "roc-baseline",
      "roc-gc",
      "profile-unbound",
      "GATTC",
      "1e−300",
      "84 seqlets",
      "from scratch",
      "chr3:12300-12900",
    ])
      expect(page).toContain(text);
    expect(page).not.toContain("NaN");
    expect(page).not.toContain("undefined");
  });

  it("say what is missing", () => {
    const page = renderAgentBindFactor({
      ...fakeReport("SimA"),
      motif: null,
      pretraining: null,
      counts: [],
      evaluations: [],
      profiles: [],
      words: [],
      motifs: [],
      examples: [],
      notes: ["Simulated data."],
    });
    for (const text of [
      "Nothing was evaluated",
      "No scores were made",
      "No word is enriched",
      "Simulated data.",
    ])
      expect(page).toContain(text);
  });

  it("compare factors", () => {
    const page = renderAgentBindOverview({
      title: "Yeast",
      reports: [fakeReport("SimA"), fakeReport("SimB")],
      pages: ["SimA/report.html", "SimB/report.html"],
      figures: [
        {
          id: "cross",
          heading: "Models of one factor on sites of another",
          explanation: "rows",
          markup: "<svg></svg>",
          isWide: false,
        },
      ],
      notice: null,
    });
    for (const text of ["SimA/report.html", "auroc-keep", "auroc-mask", "Models of one factor"])
      expect(page).toContain(text);
    expect(page).not.toContain("NaN");
    expect(
      renderAgentBindOverview({ title: "None", reports: [], pages: [], figures: [], notice: null }),
    ).toContain("No factor had enough sites");
  });
});
