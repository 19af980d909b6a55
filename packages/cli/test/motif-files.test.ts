import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readMotifs } from "@bindscape/motifs";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();
const input = join(folder, "two.jaspar");
const TEXT =
  ">MA1 first\nA [ 9 0 1 ]\nC [ 0 9 3 ]\nG [ 0 0 3 ]\nT [ 0 0 2 ]\n>MA2 second one\nA [ 4 ]\nC [ 1 ]\nG [ 1 ]\nT [ 3 ]\n";
writeFileSync(input, TEXT);

describe("motifs convert", () => {
  it("goes by the output's ending, and back without loss", async () => {
    const transfac = join(folder, "two.transfac");
    const { code, stdout, stderr } = await runHere(["motifs", "convert", input, transfac, "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: `wrote ${transfac}: 2 motifs (transfac)\n` });
    expect(JSON.parse(stdout)).toEqual({ out: transfac, format: "transfac", motifs: 2 });
    const back = join(folder, "back.jaspar");
    expect((await runHere(["motifs", "convert", transfac, back])).code).toBe(0);
    const bare = ({ id, name, counts }: { id: string; name: string; counts?: Float64Array }) => ({
      id,
      name,
      counts,
    });
    expect(readMotifs(readFileSync(back, "utf8"), "back").map(bare)).toEqual(
      readMotifs(TEXT, "two").map(bare),
    );
  });

  it("refuses names that a format cannot hold, writing nothing, unless underscores are asked for", async () => {
    const meme = join(folder, "two.meme");
    const refused = await runHere(["motifs", "convert", input, meme]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/motif "MA2": the name "second one".*--replace-spaces/);
    expect(() => readFileSync(meme)).toThrow(/ENOENT/);
    expect(
      (await runHere(["motifs", "convert", input, meme, "--replace-spaces", "--pseudocount", "1"])).code,
    ).toBe(0);
    const [first, second] = readMotifs(readFileSync(meme, "utf8"), "two.meme");
    expect(second.name).toBe("second_one");
    expect(first.probabilities[0]).toBeCloseTo(9.25 / 10, 15);
  });

  it.each([
    [["two.png"], /two.png: an output of unknown kind/],
    [["two.npz", "--width", "1"], /a width of 1; expected a whole number of at least 3/],
    [["two.meme", "--from", "transfac"], /two.jaspar, line 1/],
  ])("says what is wrong with %j", async ([output, ...options], message) => {
    const { code, stderr } = await runHere(["motifs", "convert", input, join(folder, output), ...options]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe("motifs logo", () => {
  it("draws one or all, as SVG with words for those who hear it", async () => {
    const one = join(folder, "one.svg");
    expect((await runHere(["motifs", "logo", input, "first", "--out", one])).code).toBe(0);
    expect(readFileSync(one, "utf8")).toContain('aria-label="Sequence logo of first (MA1): ACC"');
    const both = join(folder, "both.svg");
    expect((await runHere(["motifs", "logo", input, "--out", both, "--scale", "log-odds"])).code).toBe(0);
    expect(readFileSync(both, "utf8")).toContain("Sequence logos of 2 motifs");
  });

  it("draws PNG of the drawing's size times the resolution", async () => {
    const png = join(folder, "one.png");
    const options = ["--out", png, "--resolution", "2", "--reverse-complement", "--title", "turned"];
    expect((await runHere(["motifs", "logo", input, "MA1", ...options])).code).toBe(0);
    const bytes = readFileSync(png);
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    // 42 px of axis, 3 positions of 24 px, 6 px of margin; 150 px high.
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([240, 300]);
  });

  it("names similar motifs where one is not found, and refuses other endings", async () => {
    const missing = await runHere(["motifs", "logo", input, "frist", "--out", join(folder, "x.svg")]);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/no motif for "frist" among 2. Similar names: first/);
    const kind = await runHere(["motifs", "logo", input, "--out", join(folder, "x.pdf")]);
    expect(kind.stderr).toMatch(/expected a name ending in .svg or .png/);
  });
});
