import { BindscapeError, Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { FuzzFailure, fuzzReader } from "./src/fuzz-reader.ts";
import { mutate } from "./src/mutate.ts";

const sound = Uint8Array.from({ length: 300 }, (_, i) => i & 255);

describe("fuzzReader", () => {
  it("counts what is rejected and what is read", async () => {
    const counts = await fuzzReader(
      100,
      7,
      (random) => mutate(sound, random),
      async (source) => {
        if ((await source.size()) !== 300) throw new BindscapeError({ found: "another size" });
      },
    );
    expect(counts.inputs).toBe(100);
    expect(counts.rejected + counts.accepted).toBe(100);
    expect(Math.min(counts.rejected, counts.accepted)).toBeGreaterThan(10);
  });

  it("fails on other errors, and its seed makes the same input again", async () => {
    const seen: Uint8Array[] = [];
    const run = (iterations: number, seed: number) =>
      fuzzReader(
        iterations,
        seed,
        (random) => mutate(sound, random),
        async (source) => {
          const bytes = await source.read(0, await source.size());
          if (bytes[0] === 0) return;
          seen.push(bytes);
          throw new TypeError("not handled");
        },
      ).catch((error: unknown) => error as FuzzFailure);
    const first = await run(10_000, 1);
    expect(first).toBeInstanceOf(FuzzFailure);
    const again = await run(1, (first as FuzzFailure).seed);
    expect(again).toBeInstanceOf(FuzzFailure);
    expect(seen[1]).toEqual(seen[0]);
  });

  it("fails on too much memory", async () => {
    const kept: Uint8Array[] = [];
    const work = fuzzReader(
      1,
      1,
      () => sound,
      async () => {
        kept.push(new Uint8Array(300 * 2 ** 20));
      },
    );
    await expect(work).rejects.toThrow("MiB");
  });
});

describe("mutate", () => {
  it("never touches the sound file, and is the same for the same seed", () => {
    const before = sound.slice();
    for (let seed = 0; seed < 500; seed++) {
      expect(mutate(sound, new Random(seed))).toEqual(mutate(sound, new Random(seed)));
    }
    expect(sound).toEqual(before);
  });
});
