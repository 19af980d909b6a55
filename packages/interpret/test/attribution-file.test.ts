import { encodeNpz, MemorySink, MemorySource, type NpyArray } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import {
  type AttributionFile,
  attributionArrays,
  readAttributionFile,
  writeAttributionFile,
} from "../src/attribution-file.js";

function makeFile(seed: number): AttributionFile {
  const random = new Random(seed);
  const [count, length] = [1 + random.integer(5), 5 + random.integer(20)];
  const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const cores = new Int32Array(count * 2);
  for (let i = 0; i < count; i++) {
    cores[2 * i] = random.integer(length - 2);
    cores[2 * i + 1] = cores[2 * i] + 2;
  }
  return {
    source: "memory",
    method: "deeplift",
    count,
    length,
    attributions: draw(count * 4 * length),
    hypothetical: draw(count * 4 * length),
    predictions: draw(count * 2),
    codes: Uint8Array.from({ length: count * length }, () => random.integer(5)),
    labels: Float32Array.from({ length: count * 2 }, (_, i) => [0, 1, Number.NaN][i % 3]),
    cores,
    strands: Int8Array.from({ length: count }, () => (random.uniform() < 0.5 ? 1 : -1)),
    deltas: draw(count),
    target: 1,
    of: "probability",
    tasks: [
      { factor: "Reb1", cell: "BY4741" },
      { factor: "Ünicode <α>", cell: "" },
    ],
    names: Array.from({ length: count }, (_, i) => `site ${i} β`),
    places: Array.from({ length: count }, (_, i) => ({
      chromosome: "chrI",
      start: i,
      end: i + length,
      strand: i % 2 ? ("-" as const) : ("+" as const),
    })),
  };
}

async function readArrays(arrays: Parameters<typeof encodeNpz>[0]) {
  return readAttributionFile(new MemorySource(await encodeNpz(arrays), "made.npz"));
}

describe("attribution files", () => {
  it("come back as they were written", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const file = makeFile(seed);
      const sink = new MemorySink();
      await writeAttributionFile(sink, file);
      expect(await readAttributionFile(new MemorySource(sink.toBytes(), "memory"))).toEqual(file);
    }
  });

  it("of other tools need attributions and sequences only, one-hot or codes, in any number type", async () => {
    const file = makeFile(3);
    const { count, length, codes } = file;
    const oneHot = new BigInt64Array(count * 4 * length);
    codes.forEach((code, at) => {
      const [i, k] = [Math.floor(at / length), at % length];
      if (code < 4) oneHot[(i * 4 + code) * length + k] = 1n;
    });
    const attributions = { shape: [count, 4, length], data: Float64Array.from(file.attributions) };
    const asOneHot = await readArrays(
      new Map<string, NpyArray>([
        ["attributions", attributions],
        ["sequences", { shape: [count, 4, length], data: oneHot }],
      ]),
    );
    expect(asOneHot.codes).toEqual(codes);
    expect(asOneHot.attributions).toEqual(file.attributions);
    expect(asOneHot.cores).toBeUndefined();
    expect(asOneHot.tasks).toEqual([]);
  });

  it("that cannot be used say why", async () => {
    const file = makeFile(4);
    const arrays = () => attributionArrays(file);
    const without = arrays();
    without.delete("sequences");
    await expect(readArrays(without)).rejects.toThrow(
      /made.npz: no array "sequences" among attributions, .*one-hot/,
    );
    await expect(readArrays(new Map())).rejects.toThrow(/no arrays.*"attributions"/s);
    const turned = arrays().set("attributions", {
      shape: [file.count, file.length, 4],
      data: file.attributions,
    });
    await expect(readArrays(turned)).rejects.toThrow(/bases A, C, G, T in the middle/);
    const infinite = file.attributions.slice();
    infinite[file.length * 4 * 1 - 1] = Number.NaN;
    await expect(
      readArrays(arrays().set("attributions", { shape: [file.count, 4, file.length], data: infinite })),
    ).rejects.toThrow(`the attribution NaN in sequence 1, position ${file.length}`);
    const beyond = file.cores!.slice();
    beyond[1] = file.length + 1;
    await expect(readArrays(arrays().set("cores", { shape: [file.count, 2], data: beyond }))).rejects.toThrow(
      /the core .* of sequence 1/,
    );
    await expect(
      readArrays(arrays().set("predictions", { shape: [2 * file.count], data: file.predictions! })),
    ).rejects.toThrow(/of "predictions"/);
    await expect(
      readArrays(arrays().set("metadata", { shape: [1], data: Uint8Array.of(7) })),
    ).rejects.toThrow(/metadata/);
    expect(() => attributionArrays({ ...file, codes: file.codes.slice(1) })).toThrow(/in sequences/);
  });
});
