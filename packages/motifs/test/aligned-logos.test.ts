import { describe, expect, it } from "vitest";
import { drawAlignedLogos } from "../src/aligned-logos.js";
import { motifFromConsensus } from "../src/consensus-to-motif.js";

const motif = motifFromConsensus("TTACCCG", { id: "m", name: 'R<e>b"1&' });

describe("drawAlignedLogos", () => {
  const svg = drawAlignedLogos(
    [
      { motif, offset: -2, note: "query" },
      { motif, offset: 1, isReversed: true, label: "other" },
    ],
    { columnWidth: 10, rowHeight: 40, labelWidth: 50, title: "Two" },
  );

  it("puts columns under one another: 10 of them, the second logo three to the right", () => {
    expect(svg).toContain('width="152"');
    const places = [...svg.matchAll(/<g transform="translate\(([\d.]+) ([\d.]+)\)"/g)].map(([, x, y]) => [
      x,
      y,
    ]);
    expect(places).toEqual([
      ["50", "24"],
      ["80", "74"],
    ]);
  });

  it("says in words what is drawn, and escapes names", () => {
    expect(svg).toMatch(
      /aria-label="2 aligned sequence logos\. R&lt;e&gt;b&quot;1&amp; from column 1: TTACCCG; other, reverse complement from column 4: CGGGTAA"/,
    );
    expect(svg).not.toContain("<e>");
  });

  it("draws letters alone without room for labels", () => {
    expect(drawAlignedLogos([{ motif, offset: 0 }], { labelWidth: 0 })).not.toContain("<text");
  });

  it("refuses nothing to draw, and offsets that are none", () => {
    expect(() => drawAlignedLogos([])).toThrow(/no motifs/);
    expect(() => drawAlignedLogos([{ motif, offset: 0.5 }])).toThrow(/offset 0.5 of m/);
  });
});
