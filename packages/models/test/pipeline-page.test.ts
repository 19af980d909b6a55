import {
  motifFromConsensus,
  type PipelineMotif,
  type PipelineResult,
  testOccurrences,
} from "@bindscape/motifs";
import { describe, expect, it } from "vitest";
import { renderPipelinePage } from "../src/motif-reports/pipeline-page.js";

const histogram = (offsets: readonly number[]) => {
  const counts = new Uint32Array(601);
  for (const offset of offsets) counts[offset + 300]++;
  return { range: 300, counts, sites: offsets.length };
};
const good: PipelineMotif = {
  motif: motifFromConsensus("TTACCCGG", { id: "1", name: "<Reb1>", sites: 40 }),
  peaksWithSites: 800,
  flanks: testOccurrences(437, 500, 99, 1000),
  random: testOccurrences(437, 500, 3092, 25000),
  centrality: histogram([-3, 0, 0, 1, 120]),
  hasPoorCentrality: false,
  hasPoorEnrichment: false,
  matches: [0, 1, 0, 1].map((target) => ({
    ...{ query: 0, target, offset: 0, overlap: 8, isReversed: false },
    ...{ pValue: 1e-9, eValue: target, qValue: 1e-8 },
  })),
};
const poor: PipelineMotif = {
  ...good,
  motif: { ...motifFromConsensus("CACGTG", { id: "2", name: "CACGTG" }), eValue: 0 },
  flanks: testOccurrences(0, 500, 0, 1000),
  random: testOccurrences(6, 369, 33, 738),
  centrality: histogram([]),
  hasPoorCentrality: true,
  hasPoorEnrichment: true,
  matches: [],
};

function render(motifs: readonly PipelineMotif[]): string {
  const result: PipelineResult = { motifs, occurrences: [], peaks: 1724, topPeaks: 500, testedPeaks: 500 };
  const losses = {
    onLeftOutChromosomes: 0,
    onUnknownChromosomes: 3,
    excluded: 2,
    atEnds: 0,
    withoutSummit: 0,
  };
  return renderPipelinePage({
    result,
    selection: { peaks: [], order: "q", read: 1729, ...losses },
    database: [motifFromConsensus("TTACCCGG"), motifFromConsensus("CCGGGTAA")],
    peaksName: "a&b.bed",
    genomeName: "hg38.2bit",
    databaseName: "JASPAR.meme",
    finder: "MEME's zoops model",
    matchThreshold: "q-value at most 0.5",
    siteThreshold: 1e-4,
    command: "bindscape motifs pipeline",
  });
}

describe("renderPipelinePage", () => {
  const page = render([good, poor]);

  it("shows each motif with its sites, its tests and its matches, escaped", () => {
    expect(page).toContain("Motifs in a&amp;b.bed");
    expect(page).toContain("&lt;Reb1&gt;");
    expect(page).not.toContain("<Reb1>");
    expect(page).toContain("3 on chromosomes that the genome lacks, 2 in excluded regions");
    expect([...page.matchAll(/<section id="motif-/g)]).toHaveLength(2);
    expect(page).toContain("80 percent of 5 sites lie within 50 bp of a summit");
    expect([...page.matchAll(/2 aligned sequence logos/g)]).toHaveLength(3);
    expect(page).toContain("1 further match with q-value at most 0.5");
    expect(page).toContain("29.53");
    expect(page).toContain("<td>437</td><td>500</td>");
  });

  it("flags poor motifs, and says what they lack", () => {
    expect([...page.matchAll(/poor centrality<\/span>/g)]).toHaveLength(2);
    expect([...page.matchAll(/poor enrichment<\/span>/g)]).toHaveLength(2);
    expect(page).toContain("no site within 300 bp");
    expect(page).toContain("No word of 6 bp");
    expect(page).toContain("No motif of 2 motifs reaches q-value at most 0.5");
    expect(page).not.toContain("NaN");
  });

  it("stands without motifs", () => {
    expect(render([])).toContain("No motif was found in the strongest peaks");
  });
});
