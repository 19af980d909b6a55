import { BindscapeError } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { METHYLATED_DNA } from "../src/alphabet.js";
import { motifFromConsensus } from "../src/consensus-to-motif.js";
import { drawKernelLogo, drawLogo, logo, logoGroup, logoSize } from "../src/logo.js";
import { glyphOf, LETTERS, PROTEIN_LETTERS } from "../src/logo-letters.js";

interface Letter {
  base: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The letters of a logo with the boxes their matrices put them in. */
function lettersOf(svg: string): Letter[] {
  return [...svg.matchAll(/<path fill="(#\w+)" fill-rule="evenodd" transform="matrix\(([^)]*)\)"/g)].map(
    (match) => {
      const [width, , , height, x, y] = match[2].split(" ").map(Number);
      return { base: LETTERS.find((letter) => letter.colour === match[1])?.base ?? "?", x, y, width, height };
    },
  );
}

/** Enough of a parser to say that every element is closed, in order, and no bare < or & is left. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, close, name, selfClosed] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (close !== "") expect(open.pop()).toBe(name);
    else if (selfClosed === "") open.push(name);
  }
  expect(open).toEqual([]);
  expect(svg.replace(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
  expect(svg).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
}

const PLOT_HEIGHT = 150 - 8 - 38;

describe("logo", () => {
  it("draws a motif's probabilities", () => {
    const motif = motifFromConsensus("RTTAC");
    const { probabilities } = motif;
    expect(logo(motif, { title: "m", height: 80 })).toBe(drawLogo({ probabilities, title: "m", height: 80 }));
  });
});

describe("drawLogo", () => {
  it("makes a certain base as high as 2 bits, fills its column, and rests it on the axis", () => {
    const svg = drawLogo({ probabilities: [1, 0, 0, 0, 0, 0, 0, 1] });
    const [a, t, ...none] = lettersOf(svg);
    expect(none).toEqual([]);
    expect([a.base, t.base]).toEqual(["A", "T"]);
    expect(a.height).toBeCloseTo(PLOT_HEIGHT, 3);
    expect(a.y + a.height).toBeCloseTo(8 + PLOT_HEIGHT, 3);
    expect(t.x - a.x).toBeCloseTo(24, 3);
    expect(a.width).toBeCloseTo(24 * 0.96, 3);
    expectWellFormed(svg);
  });

  it("scales letters by probability times information, the likeliest on top", () => {
    const letters = lettersOf(drawLogo({ probabilities: [0.25, 0.75, 0, 0] }));
    const bits = 2 + 0.25 * Math.log2(0.25) + 0.75 * Math.log2(0.75);
    expect(letters.map((letter) => letter.base)).toEqual(["A", "C"]);
    const [a, c] = letters;
    expect(a.height).toBeCloseTo(((0.25 * bits) / 2) * PLOT_HEIGHT, 2);
    expect(c.height).toBeCloseTo(((0.75 * bits) / 2) * PLOT_HEIGHT, 2);
    expect(c.y + c.height).toBeCloseTo(a.y, 2);
  });

  it("shows nothing at a position without information", () => {
    expect(lettersOf(drawLogo({ probabilities: [0.25, 0.25, 0.25, 0.25] }))).toEqual([]);
  });

  it("has axes titled bits and position in the page's own colour, and ticks 0, 1, 2", () => {
    const svg = drawLogo({ probabilities: [1, 0, 0, 0], title: "REB1" });
    const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)];
    expect(texts.map((match) => match[1])).toEqual(["0", "1", "2", "1", "bits", "position (bp)", "REB1"]);
    for (const [tag] of texts) expect(tag).toContain('fill="currentColor"');
    expect(svg).toContain('stroke="currentColor"');
    expect(svg).toContain('aria-label="Sequence logo of REB1: A"');
  });

  it("escapes what would break the document", () => {
    const svg = drawLogo({
      probabilities: [1, 0, 0, 0],
      title: "<b>\"A\" & 'B'</b>\u0000",
      axisTitle: "a<b",
    });
    expectWellFormed(svg);
    expect(svg).toContain("&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;");
  });

  it("leaves room for a long title and never numbers positions on top of each other", () => {
    const title = "a title that is far wider than one letter";
    expect(logoSize({ probabilities: [1, 0, 0, 0], title }).width).toBeGreaterThan(title.length * 7);
    const wide = drawLogo({
      probabilities: new Float64Array(4 * 300).fill(0.25),
      width: 600,
      firstPosition: 1000,
    });
    const xs = [...wide.matchAll(/<text x="([\d.]+)"[^>]*>(\d{4})<\/text>/g)].map((match) =>
      Number(match[1]),
    );
    expect(xs.length).toBeGreaterThan(5);
    for (let i = 1; i < xs.length; i++) expect(xs[i] - xs[i - 1]).toBeGreaterThan(30);
  });

  it("hangs heights below 0 under the axis, upside down, the largest outermost on both sides", () => {
    const svg = drawLogo({ heights: [2, -1, 1, -3], axisTitle: "attribution" });
    const byBase = new Map(lettersOf(svg).map((letter) => [letter.base, letter]));
    const unit = PLOT_HEIGHT / 7; // from -4 to 3
    const axis = 8 + 3 * unit;
    const box = (base: string) => [byBase.get(base)?.y, byBase.get(base)?.height];
    const expectBox = (base: string, y: number, height: number) => {
      expect(box(base)[0]).toBeCloseTo(y, 2);
      expect(box(base)[1]).toBeCloseTo(height, 2);
    };
    expectBox("G", axis - unit, unit);
    expectBox("A", axis - 3 * unit, 2 * unit);
    expectBox("C", axis + unit, -unit);
    expectBox("T", axis + 4 * unit, -3 * unit);
    expect(svg).toContain(">attribution</text>");
    expect(svg).toContain(">\u22122</text>");
    expectWellFormed(svg);
  });

  it("draws letters alone for tables, and all-zero heights as an empty axis", () => {
    const svg = drawLogo({ probabilities: [1, 0, 0, 0], showAxes: false, width: 30, height: 40 });
    expect(svg).not.toContain("<text");
    expect(lettersOf(svg)[0]).toMatchObject({ y: 0, height: 40 });
    expectWellFormed(drawLogo({ heights: new Float64Array(8) }));
    for (const size of [5e-324, 1e-300, 1e-9, 1e9, 1e300])
      expectWellFormed(drawLogo({ heights: [size, 0, -size, 0] }));
  });

  it("refuses what makes no logo", () => {
    for (const bad of [
      {},
      { probabilities: [1, 0, 0, 0], heights: [1, 0, 0, 0] },
      { probabilities: [] },
      { probabilities: [1, 0, 0] },
      { probabilities: [1, 0, 0, 0], length: 2 },
      { probabilities: [1.5, -0.5, 0, 0] },
      { heights: [Number.NaN, 0, 0, 0] },
      { heights: [Number.MAX_VALUE, 0, 0, 0] },
      { probabilities: [1, 0, 0, 0], maximum: 0 },
      { probabilities: [1, 0, 0, 0], width: 10 },
      { probabilities: [1, 0, 0, 0], height: Number.NaN },
    ]) {
      expect(() => drawLogo(bad)).toThrow(BindscapeError);
    }
  });
});

describe("drawKernelLogo", () => {
  it("centres each position, so that a constant added to all four bases changes nothing", () => {
    const weights = [0.5, -0.25, 0.125, 1, 2, 0, 0, 0];
    const svg = drawKernelLogo({ weights, title: "kernel 1" });
    expect(drawKernelLogo({ weights: weights.map((w, i) => w + (i < 4 ? 8 : -4)), title: "kernel 1" })).toBe(
      svg,
    );
    const second = lettersOf(svg).filter((letter) => letter.x > 58 + 24);
    const heights = new Map(second.map((letter) => [letter.base, letter.height]));
    expect((heights.get("A") as number) / -(heights.get("C") as number)).toBeCloseTo(3, 3); // 1.5 against -0.5
    expect(svg).toContain(">weight</text>");
  });
});

describe("logoGroup", () => {
  it("is the same drawing as a group at a place of one's own", () => {
    const options = { probabilities: [0.7, 0.1, 0.1, 0.1], title: "x" };
    const group = logoGroup(options, { x: 10, y: 20 });
    expect(group.startsWith('<g transform="translate(10 20)"')).toBe(true);
    expectWellFormed(group);
    expect(drawLogo(options)).toContain(logoGroup(options));
  });
});

describe("letters", () => {
  it("fill the unit square and stay inside it", () => {
    for (const { base, path } of LETTERS) {
      let x = 0;
      let y = 0;
      const xs: number[] = [];
      const ys: number[] = [];
      for (const [, command, rest] of path.matchAll(/([A-Z])([^A-Z]*)/g)) {
        const numbers = (rest.match(/\d*\.?\d+/g) ?? []).map(Number);
        if (command === "H") x = numbers[0];
        else if (command === "V") y = numbers[0];
        else if (command === "A") [, , , , , x, y] = numbers;
        else
          for (let i = 0; i + 1 < numbers.length; i += 2)
            [xs[xs.length], ys[ys.length]] = [numbers[i], numbers[i + 1]];
        if (command === "M" || command === "L") [x, y] = numbers.slice(-2);
        xs.push(x);
        ys.push(y);
      }
      expect(Math.max(...xs), base).toBe(1);
      // The left edge of C and G is the middle of an arc, not one of its ends.
      if (base === "A" || base === "T") expect(Math.min(...xs), base).toBe(0);
      expect(Math.min(...ys), base).toBeGreaterThanOrEqual(0);
      expect(Math.max(...ys), base).toBeLessThanOrEqual(1);
    }
  });
});

describe("other alphabets and scales", () => {
  const letters = "ACGTm1";
  const rows = [0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];

  it("draws a letter for each that is seen, in its colour, up to log2 of the number of letters", () => {
    const svg = drawLogo({ probabilities: rows, alphabet: METHYLATED_DNA });
    expect(svg.match(/<path fill="#[0-9A-F]{6}"/g)).toHaveLength(3);
    expect(svg).toContain(`fill="${METHYLATED_DNA.colours[letters.indexOf("m")]}"`);
    // Position 2 is m alone: log2(6) bits, the whole height of 150 - 8 - 38 px.
    const height = /matrix\(23\.04 0 0 (\S+) \S+ \S+\)" d="[^"]*"\/><path fill="none"/.exec(svg)?.[1];
    expect(Number(height)).toBeCloseTo(104, 3);
  });

  it("draws probabilities to 1 and proteins by their chemistry", () => {
    expect(drawLogo({ probabilities: [0.5, 0.25, 0.25, 0], scale: "probability" })).toContain(
      ">probability<",
    );
    const protein = new Float64Array(20).fill(0.05);
    const svg = drawLogo({ heights: protein, alphabet: PROTEIN_LETTERS });
    expect(svg.match(/evenodd/g)).toHaveLength(20);
    expect(svg).toContain(">position<");
  });

  it("has an outline for every letter and digit, inside the unit square", () => {
    for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") {
      const numbers =
        (glyphOf(letter) as string).replace(/A[\d. ]+ 0 [01] [01]/g, "").match(/-?\d*\.?\d+/g) ?? [];
      expect(numbers.length).toBeGreaterThan(4);
      for (const number of numbers) expect(Number(number)).toBeLessThanOrEqual(1);
      for (const number of numbers) expect(Number(number)).toBeGreaterThanOrEqual(0);
    }
  });

  it("refuses letters without outline, rows of another size, backgrounds with zeros", () => {
    expect(() =>
      drawLogo({ heights: [1, 2], alphabet: { letters: "a*", colours: ["#000", "#000"] } }),
    ).toThrow(/alphabet "a\*"/);
    expect(() => drawLogo({ probabilities: [1, 0, 0, 0], alphabet: METHYLATED_DNA })).toThrow(
      /6 finite numbers/,
    );
    expect(() => drawLogo({ probabilities: [1, 0, 0, 0], background: [1, 0, 0, 0] })).toThrow(/above 0/);
  });
});
