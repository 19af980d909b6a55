import { clusterMotifs, compare, motifFromConsensus } from "@bindscape/motifs";
import { describe, expect, it } from "vitest";
import { renderComparisonPage } from "../src/motif-reports/comparison-page.js";
import { renderFamiliesPage } from "../src/motif-reports/families-page.js";

const motifs = ["TTACCCGG", "CCGGGTAAT", "CACGTG", "GATAAG"].map((text, i) =>
  motifFromConsensus(text, { id: `m${i}`, name: i === 0 ? "<Reb1>" : `name ${i}` }),
);
const shared = {
  queriesName: "queries.meme",
  targetsName: "targets.meme",
  method: "By Euclid.",
  command: "bindscape",
};

/** Every tag that is opened is closed, in order. */
function expectWellFormed(page: string): void {
  const open: string[] = [];
  for (const [, slash, name, rest] of page.matchAll(/<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*)>/gi)) {
    if (/^(meta|input|path|line|circle|rect|br)$/i.test(name) || rest.endsWith("/")) continue;
    if (slash === "") open.push(name);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
}

describe("renderComparisonPage", () => {
  const matches = compare(motifs.slice(0, 3), motifs, { threshold: 0.4, thresholdOn: "E-value" });
  const page = renderComparisonPage({
    ...shared,
    queries: motifs,
    targets: motifs,
    matches,
    threshold: "E-value at most 0.4",
  });

  it("shows each query with the logos of its matches, escaped", () => {
    expectWellFormed(page);
    expect(page).toContain("&lt;Reb1&gt;");
    expect(page).not.toContain("<Reb1>");
    expect([...page.matchAll(/<section id="query-/g)]).toHaveLength(3);
    expect([...page.matchAll(/2 aligned sequence logos/g)]).toHaveLength(matches.length);
    expect(page).toContain("reverse complement");
    // The fourth motif was no query: it has no match, and is said to have none.
    expect(page).toMatch(/Without a match<\/h2><p>name 3/);
  });

  it("warns where few targets make poor p-values, and says when there is no match", () => {
    expect(page).toContain("Only 4 targets");
    const empty = renderComparisonPage({
      ...shared,
      queries: motifs,
      targets: motifs,
      matches: [],
      threshold: "q",
    });
    expectWellFormed(empty);
    expect(empty).toContain("No match");
  });
});

describe("renderFamiliesPage", () => {
  it("draws families with their root motifs, and lone motifs", () => {
    const clusters = clusterMotifs(motifs, { similarity: 2 });
    const page = renderFamiliesPage({
      motifs,
      clusters,
      setName: "set",
      similarity: 2,
      command: "bindscape",
    });
    expectWellFormed(page);
    expect(page).toContain("3 aligned sequence logos. root motif from column");
    expect(page).toContain("2 motifs alone");
    expect(page).toMatch(/name 1 rev|&lt;Reb1&gt; rev/);
  });
});
