import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MemorySource, readNpz } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { randomCodes } from "../../models/test/helpers.js";
import { parseStrictXml } from "../../models/test/strict-xml.js";
import { expectError, temporaryFolder } from "../../study/test/helpers.js";
import type { AttributionFile } from "../src/attribution-file.js";
import { attributionRuns } from "../src/outputs/attribution-track.js";
import { profileAroundCore, writeProfileTable } from "../src/outputs/core-profile.js";
import { compareProfiles, leavesInOrder, writeProfilesTable } from "../src/outputs/factor-profiles.js";
import { renderLogoPage } from "../src/outputs/logo-page.js";
import { modiscoArrays, writeModisco } from "../src/outputs/modisco.node.js";
import { renderProfilePage } from "../src/outputs/profile-page.js";
import { renderProfilesPage } from "../src/outputs/profiles-page.js";
import { scorePositions } from "../src/position-scores.js";

/** Attributions of random sequences: normal values at the bases that are there. */
function makeFile(
  count: number,
  length: number,
  seed: string,
  rest: Partial<AttributionFile> = {},
): AttributionFile {
  const random = new Random(seed);
  const codes = randomCodes(count * length, seed);
  codes[3] = 4;
  const attributions = new Float32Array(count * 4 * length);
  for (let i = 0; i < count * length; i++) {
    const [row, k] = [Math.floor(i / length), i % length];
    if (codes[i] < 4) attributions[(row * 4 + codes[i]) * length + k] = random.normal();
  }
  return {
    source: `${seed}.npz`,
    method: "deeplift",
    count,
    length,
    attributions,
    codes,
    target: 0,
    of: "logit",
    tasks: [{ factor: seed, cell: "C" }],
    ...rest,
  };
}

/** Every picture of a page is well-formed, and nothing in it is no number. */
function expectWellFormed(page: string): void {
  const pictures = [...page.matchAll(/<svg[\s\S]*?<\/svg>/g)];
  expect(pictures.length).toBeGreaterThan(0);
  for (const [svg] of pictures) parseStrictXml(svg);
  expect(page).not.toMatch(/NaN|Infinity|undefined/);
}

describe("tracks of attributions", () => {
  it("are the mean over the windows at each base, reverse strands turned, chromosome ends cut", () => {
    const random = new Random("tracks");
    const length = 13;
    const chromosomes = [
      { name: "b", size: 60 },
      { name: "a", size: 200 },
    ];
    const places = Array.from({ length: 25 }, () => {
      const { name, size } = chromosomes[random.integer(2)];
      const start = random.integer(size + 8) - 10;
      return {
        chromosome: name,
        start,
        end: start + length,
        strand: random.integer(2) ? ("-" as const) : ("+" as const),
      };
    });
    const file = makeFile(25, length, "tracks", { places });
    const scores = scorePositions(file);
    const found = new Map<string, number>();
    const order: string[] = [];
    for (const { chromosome, starts, ends, values } of attributionRuns(file, chromosomes)) {
      order.push(chromosome);
      starts.forEach((start, i) => {
        expect(ends[i]).toBe(start + 1);
        expect(found.has(`${chromosome}:${start}`)).toBe(false);
        found.set(`${chromosome}:${start}`, values[i]);
      });
    }
    expect([...new Set(order)]).toEqual(["b", "a"]);
    let covered = 0;
    for (const { name, size } of chromosomes) {
      for (let at = 0; at < size; at++) {
        const own = places.flatMap(({ chromosome, start, end, strand }, row) =>
          chromosome === name && start <= at && at < end
            ? [scores[row * length + (strand === "+" ? at - start : end - 1 - at)]]
            : [],
        );
        if (own.length === 0) {
          expect(found.has(`${name}:${at}`)).toBe(false);
          continue;
        }
        covered++;
        expect(found.get(`${name}:${at}`)).toBeCloseTo(own.reduce((x, y) => x + y) / own.length, 9);
      }
    }
    expect(found.size).toBe(covered);
  });

  it("need places, on chromosomes that are there", async () => {
    const file = makeFile(1, 9, "places");
    await expectError(() => [...attributionRuns(file, [])], "places on a genome are not known");
    const places = [{ chromosome: "chrX", start: 0, end: 9, strand: "+" as const }];
    await expectError(
      () => [...attributionRuns({ ...file, places }, [{ name: "chr1", size: 9 }])],
      "a window on chrX",
      "chr1",
    );
  });
});

describe("arrays for TF-MoDISco", () => {
  const folder = temporaryFolder();

  it("are one-hot bases, hypothetical contributions, and these at the bases, each [N, 4, L] and called arr_0", async () => {
    const random = new Random("modisco");
    const hypothetical = Float32Array.from({ length: 3 * 4 * 11 }, () => random.normal());
    const file = makeFile(3, 11, "modisco", { hypothetical });
    const path = join(folder, "modisco");
    const files = await writeModisco(file, path, false, { "run.json": "{}" });
    expect(files.map((name) => name.slice(path.length + 1))).toEqual([
      "one_hot.npz",
      "hypothetical.npz",
      "contributions.npz",
      "run.json",
    ]);
    const read = async (name: string) => {
      const bytes = await readFile(join(path, name));
      const array = (await readNpz(new MemorySource(bytes, name))).get("arr_0")!;
      expect(array.shape).toEqual([3, 4, 11]);
      expect(array.data).toBeInstanceOf(Float32Array);
      return array.data as Float32Array;
    };
    const oneHot = await read("one_hot.npz");
    expect(await read("hypothetical.npz")).toEqual(hypothetical);
    const contributions = await read("contributions.npz");
    for (let i = 0; i < oneHot.length; i++) {
      const [row, base, k] = [Math.floor(i / 44), Math.floor(i / 11) % 4, i % 11];
      expect(oneHot[i]).toBe(Number(file.codes[row * 11 + k] === base));
      expect(contributions[i]).toBe(oneHot[i] === 1 ? hypothetical[i] : 0);
    }
    await expectError(() => writeModisco(file, path, false), "modisco");
    await writeFile(join(path, "old"), "");
    await writeModisco(file, path, true);
    expect(existsSync(join(path, "old"))).toBe(false);
  });

  it("are refused for methods that say nothing of other bases", async () => {
    await expectError(
      () => modiscoArrays(makeFile(1, 9, "cam", { method: "grad-cam" })),
      "attributions by grad-cam",
      "deeplift",
    );
  });
});

describe("profiles around cores", () => {
  const cores = Int32Array.of(4, 8, 3, 7, 5, 9, 4, 8);
  const strands = Int8Array.of(1, -1, 1, -1);
  const labels = Float32Array.of(1, 1, 0, Number.NaN);

  it("are means of |score| at equal distances, in the direction of the core, by label", () => {
    const file = makeFile(4, 14, "profile", { cores, strands, labels });
    const scores = scorePositions(file);
    const found = profileAroundCore(file);
    expect(found.groups.map(({ name, sequences }) => [name, sequences])).toEqual([
      ["bound", 2],
      ["unbound", 1],
    ]);
    // The middle lies between two bases, and distances are rounded up: those of the four are -1, 0, 1, 2.
    expect(found.core).toEqual([-1, 3]);
    const distances = (row: number) =>
      Array.from({ length: 14 }, (_, k) => {
        const fromFirst = strands[row] === 1 ? k - cores[row * 2] : cores[row * 2 + 1] - 1 - k;
        return fromFirst - 1;
      });
    for (const [group, rows] of [
      [0, [0, 1]],
      [1, [2]],
    ] as const) {
      found.groups[group].values.forEach((value, i) => {
        const own = rows.flatMap((row) =>
          distances(row).flatMap((distance, k) =>
            distance === found.first + i && file.codes[row * 14 + k] < 4
              ? [Math.abs(scores[row * 14 + k])]
              : [],
          ),
        );
        if (own.length * 2 < rows.length) expect(value).toBeNaN();
        else expect(value).toBeCloseTo(own.reduce((x, y) => x + y) / own.length, 6);
      });
    }
    const table = writeProfileTable(found).trimEnd().split("\n");
    expect(table[0]).toBe("distance\tmean_absolute_score_bound\tmean_absolute_score_unbound");
    expect(table.length).toBe(1 + found.groups[0].values.length);
    expect(table[1].split("\t")[0]).toBe(`${found.first}`);
  });

  it("are put around the middle where there are no cores", () => {
    const found = profileAroundCore(makeFile(3, 9, "middle"));
    expect(found.core).toBeNull();
    expect(found.first).toBe(-4);
    expect(found.groups.map(({ name, values }) => [name, values.length])).toEqual([["all", 9]]);
  });

  it("of factors are z-normalised with and without the core, and clustered by what is left", async () => {
    const shapes = [
      (d: number) => (d > 10 ? 3 : 1),
      (d: number) => (d < -10 ? 2 : 1),
      (d: number) => (d > 10 ? 6 : 2) + 0.01 * Math.cos(d),
    ];
    const profiles = shapes.map((shape, i) => ({
      name: `F${i}`,
      source: `f${i}.npz`,
      profile: {
        first: -20 - i,
        core: [-2, 3] as const,
        groups: [
          {
            name: "bound" as const,
            sequences: 5,
            values: Float64Array.from({ length: 41 + i }, (_, k) => {
              const d = k - 20 - i;
              return d >= -2 && d < 3 ? 50 + i : shape(d);
            }),
          },
        ],
      },
    }));
    const found = compareProfiles(profiles, 2);
    expect(found.first).toBe(-20);
    expect(found.kept[0].length).toBe(20);
    for (const [row, values] of found.masked.entries()) {
      const blank = [...values].flatMap((z, bin) => (Number.isNaN(z) ? [found.first + 2 * bin] : []));
      expect(blank).toEqual([-2, 0, 2]);
      for (const z of [values.filter((value) => !Number.isNaN(value)), found.kept[row]]) {
        const mean = z.reduce((a, b) => a + b) / z.length;
        expect(mean).toBeCloseTo(0, 9);
        expect(z.reduce((a, b) => a + b * b, 0) / z.length).toBeCloseTo(1, 9);
      }
    }
    // The first and the third have the same shape, so that they are joined first.
    expect([found.merges[0].left, found.merges[0].right].sort()).toEqual([0, 2]);
    expect(Math.abs(found.order.indexOf(0) - found.order.indexOf(2))).toBe(1);
    expect([...found.order].sort()).toEqual([0, 1, 2]);
    const table = writeProfilesTable(found).trimEnd().split("\n");
    expect(table.length).toBe(7);
    expect(table[0].split("\t").slice(0, 4)).toEqual(["factor", "core", "-20", "-18"]);
    expectWellFormed(renderProfilesPage(found));
    expectWellFormed(renderProfilesPage(compareProfiles(profiles.slice(0, 1))));
    await expectError(() => compareProfiles(profiles, 30), "in bins of 30 bp", "--bin");
    expect(leavesInOrder([], 3)).toEqual([0, 1, 2]);
  });
});

describe("pages", () => {
  it("draw every sequence asked for in well-formed markup, short or long, with or without cores and places", () => {
    const labels = Float32Array.of(1, 0, Number.NaN);
    const predictions = Float32Array.of(0.9, 0.2, 0.5);
    for (const length of [9, 130, 700]) {
      const cores = Int32Array.from([2, 6, 3, 7, 1, 4]);
      const places = Array.from({ length: 3 }, (_, i) => ({
        chromosome: "chrI",
        start: 1000 * i,
        end: 1000 * i + length,
        strand: i === 1 ? ("-" as const) : ("+" as const),
      }));
      const plain = makeFile(3, length, `page <${length}>`);
      const known = { ...plain, cores, places, labels, predictions, names: ["a", "b & c", "d"] };
      for (const file of [plain, known]) {
        const page = renderLogoPage(file, 2);
        expectWellFormed(page);
        expect(page.match(/<section>/g)?.length).toBe(2);
        expect(page).toContain("The first 2 of 3 sequences are drawn");
        expectWellFormed(renderProfilePage(file, profileAroundCore(file)));
      }
      expect(renderLogoPage(known)).toContain("chrI:1000-");
      expect(renderLogoPage(known)).toContain("predicted probability 0.900; bound");
    }
    // Nothing to see is drawn too.
    const none = makeFile(1, 30, "none");
    expectWellFormed(renderLogoPage({ ...none, attributions: none.attributions.map(() => 0) }));
  });
});
