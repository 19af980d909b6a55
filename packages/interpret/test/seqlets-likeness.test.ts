import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { findGappedWords, findNeighbours } from "../src/seqlets/gapped-words.js";
import { makeLikenessGraph } from "../src/seqlets/likeness-graph.js";
import { fitPatterns } from "../src/seqlets/merge-patterns.js";
import { fitSeqlets, likenessAt } from "../src/seqlets/seqlet-likeness.js";
import { reverseStack, type SeqletStack } from "../src/seqlets/seqlet-stack.js";

function drawStack(random: Random, count: number, width: number): SeqletStack {
  const scores = Float32Array.from({ length: count * width }, () => random.normal() ** 3);
  for (let i = 0; i < count; i++) {
    const row = scores.subarray(i * width, (i + 1) * width);
    const size = row.reduce((sum, score) => sum + Math.abs(score), 0);
    row.forEach((score, p) => {
      row[p] = score / size;
    });
  }
  return { count, width, codes: Uint8Array.from(scores, () => random.integer(5)), scores };
}

/** One-hot contributions [width + 2 pad, 4] of a seqlet. */
function matrixOf({ width, codes, scores }: SeqletStack, i: number, pad: number, isReversed: boolean) {
  const rows = Array.from({ length: width + 2 * pad }, () => [0, 0, 0, 0]);
  for (let p = 0; p < width; p++) {
    const code = codes[i * width + p];
    if (code > 3) continue;
    if (isReversed) rows[pad + width - 1 - p][3 - code] = scores[i * width + p];
    else rows[pad + p][code] = scores[i * width + p];
  }
  return rows;
}

/** The published formula over all bases and positions of padded matrices. */
function jaccardByDefinition(a: number[][], b: number[][], sizeA: number, sizeB: number): number {
  let above = 0;
  let below = 0;
  a.forEach((row, p) => {
    for (let base = 0; base < 4; base++) {
      const [x, y] = [row[base], b[p]?.[base] ?? 0];
      above += Math.min(Math.abs(x), Math.abs(y)) * Math.sign(x) * Math.sign(y);
      below += Math.max(Math.abs(x), Math.abs(y));
    }
  });
  // Unknown bases count as contributions that nothing shares.
  return above / (below + (1 - sizeA) + (1 - sizeB));
}

describe("likeness of seqlets", () => {
  it("is the continuous Jaccard similarity of one-hot contributions", () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = new Random(seed);
      const width = 8 + random.integer(10);
      const stack = drawStack(random, 4, width);
      const reversed = reverseStack(stack);
      const sizeOf = (rows: number[][]) => rows.flat().reduce((sum, value) => sum + Math.abs(value), 0);
      for (const [i, j] of [
        [0, 1],
        [2, 3],
        [1, 1],
      ]) {
        const overlap = Math.ceil(width / 2);
        let best = Number.NEGATIVE_INFINITY;
        for (let offset = -(width - overlap); offset <= width - overlap; offset++) {
          for (const isReversed of [false, true]) {
            const a = matrixOf(stack, i, width, false);
            const b = matrixOf(stack, j, width, isReversed);
            const shifted = a.map((_, p) => b[p - offset] ?? [0, 0, 0, 0]);
            const expected = jaccardByDefinition(a, shifted, sizeOf(a), sizeOf(b));
            const found = likenessAt(stack, i, isReversed ? reversed : stack, j, offset);
            expect(found).toBeCloseTo(expected, 5);
            best = Math.max(best, expected);
          }
        }
        expect(fitSeqlets(stack, i, stack, reversed, j, overlap).likeness).toBeCloseTo(best, 5);
      }
    }
  });

  it("of a seqlet with itself, shifted or turned, says how it was moved", () => {
    const random = new Random(4);
    const width = 31;
    const one = drawStack(random, 1, width);
    one.codes.forEach((code, p) => {
      if (code > 3) one.codes[p] = 0;
    });
    one.scores.fill(0, 0, 8).fill(0, 23);
    const turned = reverseStack(one);
    const shifted = { ...turned, codes: turned.codes.slice(), scores: new Float32Array(width) };
    for (let p = 0; p < width - 5; p++) {
      shifted.codes[p + 5] = turned.codes[p];
      shifted.scores[p + 5] = turned.scores[p];
    }
    const fit = fitSeqlets(one, 0, shifted, reverseStack(shifted), 0, 20);
    expect(fit).toMatchObject({ offset: 5, isReversed: true });
    const size = one.scores.reduce((sum, score) => sum + Math.abs(score), 0);
    expect(fit.likeness).toBeCloseTo(size / (2 - size), 5);
  });
});

describe("gapped words", () => {
  it("are all subsets of four of the strongest positions within 15 bp", () => {
    for (let seed = 0; seed < 5; seed++) {
      const stack = drawStack(new Random(`words ${seed}`), 3, 30);
      const rows = findGappedWords(stack);
      for (let i = 0; i < 3; i++) {
        const known = Array.from({ length: 30 }, (_, p) => p).filter((p) => stack.codes[i * 30 + p] < 4);
        const score = (p: number) => stack.scores[i * 30 + p];
        const strongest = known.sort((a, b) => Math.abs(score(b)) - Math.abs(score(a))).slice(0, 12);
        const expected = new Map<string, number>();
        for (let mask = 0; mask < 1 << 12; mask++) {
          const chosen = strongest.filter((_, bit) => mask & (1 << bit)).sort((a, b) => a - b);
          if (chosen.length !== 4 || chosen[3] - chosen[0] >= 15) continue;
          const word = chosen
            .map((p, n) => `${n === 0 ? "" : `+${p - chosen[n - 1]}`}${"ACGT"[stack.codes[i * 30 + p]]}`)
            .join("");
          expected.set(word, (expected.get(word) ?? 0) + chosen.reduce((sum, p) => sum + score(p), 0));
        }
        const norm = Math.sqrt([...expected.values()].reduce((sum, value) => sum + value * value, 0));
        const own = new Map<string, number>();
        for (let at = rows.starts[i]; at < rows.starts[i + 1]; at++) {
          const word = rows.words[at];
          const part = (shift: number) => `+${(word >> (shift + 2)) & 15}${"ACGT"[(word >> shift) & 3]}`;
          own.set(`${"ACGT"[word >> 18]}${part(12)}${part(6)}${part(0)}`, rows.weights[at]);
        }
        expect([...own.keys()].sort()).toEqual([...expected.keys()].sort());
        for (const [word, weight] of own)
          expect(weight).toBeCloseTo((expected.get(word) as number) / norm, 5);
      }
    }
  });

  it("find seqlets of the same word wherever it stands, on either strand", () => {
    const random = new Random(11);
    const [count, width] = [60, 41];
    const codes = Uint8Array.from({ length: count * width }, () => random.integer(4));
    const scores = Float32Array.from({ length: count * width }, () => 0.002 * random.normal());
    const words = ["TGACTCATG", "GGGCGGGAC"];
    for (let i = 0; i < count; i++) {
      const at = i * width + 5 + random.integer(20);
      let word = Uint8Array.from(words[i % 2], (letter) => "ACGT".indexOf(letter));
      if (random.uniform() < 0.5) word = word.map((code) => 3 - code).reverse();
      codes.set(word, at);
      scores.fill(1 / 9, at, at + 9);
    }
    const { items, counts } = findNeighbours({ count, width, codes, scores }, 29);
    for (let i = 0; i < count; i++) {
      expect(counts[i]).toBe(29);
      for (let n = 0; n < 29; n++) expect(items[i * 29 + n] % 2).toBe(i % 2);
    }
  });
});

describe("the graph of likeness", () => {
  it("has symmetric weights whose shares have the perplexity of 30", () => {
    const random = new Random(3);
    const count = 80;
    const first: number[] = [];
    const second: number[] = [];
    const likeness: number[] = [];
    for (let a = 0; a < count; a++) {
      for (let b = a + 1; b < count; b++) {
        first.push(a);
        second.push(b);
        likeness.push(0.05 + 0.9 * random.uniform());
      }
    }
    const graph = makeLikenessGraph({
      count,
      first: Uint32Array.from(first),
      second: Uint32Array.from(second),
      likeness: Float32Array.from(likeness),
    });
    const weight = new Map<string, number>();
    for (let i = 0; i < count; i++)
      for (let at = graph.starts[i]; at < graph.starts[i + 1]; at++)
        weight.set(`${i} ${graph.neighbours[at]}`, graph.weights[at]);
    // Each row's shares by bisection of its own.
    const shares = (i: number) => {
      const others = Array.from({ length: count }, (_, j) => j).filter((j) => j !== i);
      const like = others.map(
        (j) => likeness[first.findIndex((a, e) => a === Math.min(i, j) && second[e] === Math.max(i, j))],
      );
      let [low, high] = [0, 100];
      let p: number[] = [];
      for (let step = 0; step < 100; step++) {
        const rate = (low + high) / 2;
        const raw = like.map((value) => value ** rate);
        const sum = raw.reduce((a, b) => a + b, 0);
        p = raw.map((value) => value / sum);
        const entropy = -p.reduce((a, value) => a + (value > 0 ? value * Math.log(value) : 0), 0);
        if (entropy > Math.log(30)) low = rate;
        else high = rate;
      }
      return new Map(others.map((j, n) => [j, p[n]]));
    };
    const rows = Array.from({ length: 12 }, (_, i) => shares(i));
    for (let i = 0; i < 12; i++)
      for (let j = 0; j < 12; j++) {
        if (i === j) continue;
        expect(weight.get(`${i} ${j}`)).toBe(weight.get(`${j} ${i}`));
        const expected = ((rows[i].get(j) as number) + (rows[j].get(i) as number)) / 2;
        expect(Math.abs((weight.get(`${i} ${j}`) as number) - expected)).toBeLessThan(1e-5);
      }
  });
});

describe("patterns' fit", () => {
  it("is 1 with the same contributions, shifted and turned", () => {
    const random = new Random(8);
    const contributions = new Float64Array(30 * 4);
    for (let at = 40; at < 72; at++) contributions[at] = random.normal();
    const moved = new Float64Array(30 * 4);
    moved.set(
      contributions
        .slice()
        .reverse()
        .subarray(0, 29 * 4),
      4,
    );
    const fit = fitPatterns({ contributions }, { contributions: moved });
    expect(fit.cosine).toBeCloseTo(1, 12);
    expect(fit).toMatchObject({ isReversed: true, offset: 1 });
  });
});
