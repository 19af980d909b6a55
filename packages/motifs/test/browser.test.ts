import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeLetters } from "../src/alphabet.js";
import { readMotifs } from "../src/formats/read-motifs.js";
import * as universal from "../src/index.js";
import { scan } from "../src/scan/scan.js";
import { findChromium, openInChromium } from "./chromium.js";

const root = resolve(import.meta.dirname, "../../..");
const isBuilt = existsSync(resolve(root, "packages/motifs/dist/index.js"));
const chromium = findChromium();

it("exports the verbs of the package", () => {
  for (const name of ["scan", "compare", "discover", "enrich", "readMotifs", "writeMotifs", "logo"]) {
    expect(universal).toHaveProperty(name);
  }
});

const example = readFileSync(resolve(root, "examples/motifs-page/index.html"), "utf8");
const [, importMap] = /<script type="importmap">(.*?)<\/script>/s.exec(example)!;

const MOTIFS = ">MA0363.2 REB1\nA [0 1 9 0 0 0 1]\nC [0 0 0 9 9 9 0]\nG [0 0 0 0 0 0 8]\nT [9 8 0 0 0 0 0]\n";

/** 20,000 bases that any language makes alike, with a motif in every fourth hundred. */
function makeSequence(): string {
  let state = 1;
  let text = "";
  for (let i = 0; i < 20_000; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    text += i % 400 < 7 ? "TTACCCG"[i % 400] : "ACGT"[state >>> 30];
  }
  return text;
}

const PAGE = `<!doctype html><title>test</title><script type="importmap">${importMap}</script><pre id="result"></pre>
<script type="module">
const say = (value) => { document.getElementById("result").textContent = JSON.stringify(value); };
addEventListener("error", (event) => say({ error: event.message }));
try {
  const { compare, discover, encodeLetters, DNA, enrich, logo, readMotifs, scan, writeMotifs } = await import("@bindscape/motifs");
  const motifs = readMotifs(${JSON.stringify(MOTIFS)}, "page");
  ${makeSequence.toString()}
  const codes = encodeLetters(makeSequence(), DNA);
  const sequences = [{ name: "s", codes }];
  const places = (useSimd) => scan(motifs, sequences, { useSimd, threshold: 1e-3 }).sites.map(({ start, strand, pValue, qValue }) => [start, strand, pValue, qValue]);
  const pieces = Array.from({ length: 50 }, (_, i) => ({ name: "p" + i, codes: codes.slice(i * 400, i * 400 + 60) }));
  const { motifs: found } = await discover(pieces, { motifs: 1, minimumWidth: 6, maximumWidth: 8 });
  const meme = writeMotifs(motifs, "meme");
  say({
    simd: places(true),
    scalar: places(false),
    rounds: readMotifs(meme, "page").length,
    best: compare(motifs, motifs, { threshold: 1 })[0].target,
    found: found[0].consensus,
    enriched: enrich(motifs, pieces, {}).length,
    logo: logo(motifs[0], { title: "REB1" }).slice(0, 4),
  });
} catch (error) {
  say({ error: String(error?.stack ?? error) });
}
</script>`;

describe.skipIf(chromium === null || !isBuilt)("in a browser page without a bundler", () => {
  it("reads, scans with and without vector instructions, compares, discovers, tests and draws", async () => {
    const dom = await openInChromium(chromium!, "/page.html", { "/page.html": PAGE });
    const [, text] = /<pre id="result">(.*?)<\/pre>/s.exec(dom)!;
    const result = JSON.parse(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
    expect(result.error).toBeUndefined();
    const motifs = readMotifs(MOTIFS, "page");
    const codes = encodeLetters(makeSequence(), universal.DNA);
    const here = scan(motifs, [{ name: "s", codes }], { threshold: 1e-3 }).sites;
    expect(here.length).toBeGreaterThan(49);
    expect(result.simd).toEqual(
      here.map(({ start, strand, pValue, qValue }) => [start, strand, pValue, qValue]),
    );
    expect(result.scalar).toEqual(result.simd);
    expect(result).toMatchObject({ rounds: 1, best: 0, enriched: 1, logo: "<svg" });
    expect(result.found).toMatch(/TTACCC|GGGTAA/);
  }, 60_000);

  it("opens the example page", async () => {
    const dom = await openInChromium(chromium!, "/examples/motifs-page/index.html");
    expect([...dom.matchAll(/<tr><td>REB1<\/td><td>promoter<\/td>/g)].length).toBeGreaterThan(1);
    expect(dom).toMatch(/<td>3<\/td><td>\+<\/td><td>[^<]+<\/td><td>TTACCCG<\/td>/);
    expect(dom).toMatch(/<td>-<\/td><td>[^<]+<\/td><td>TTACCCG<\/td>/);
    expect(dom).toMatch(/<div id="logo"><svg/);
    expect(dom).toMatch(/\d sites with p at most 0.001/);
  }, 60_000);
});
