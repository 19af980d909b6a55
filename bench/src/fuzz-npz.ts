import { encodeNpy, encodeNpz, type NpyArray, readNpy, readNpz } from "@bindscape/genome";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { mutate } from "./mutate.js";

const arrays = new Map<string, NpyArray>([
  ["attributions", { shape: [5, 4, 6], data: Float32Array.from({ length: 120 }, (_, i) => Math.sin(i)) }],
  ["counts", { shape: [7], data: BigInt64Array.from({ length: 7 }, (_, i) => BigInt(i)) }],
  ["one", { shape: [], data: Uint8Array.of(1) }],
]);

/** Damaged .npz files, stored and compressed, and damaged .npy files by themselves, which no checksum guards. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const archives = [await encodeNpz(arrays), await encodeNpz(arrays, { compress: true })];
  const members = [...arrays.values()].map(encodeNpy);
  return fuzzReader(
    iterations,
    seed,
    (random) => {
      const files = random.integer(2) === 0 ? archives : members;
      return mutate(files[random.integer(files.length)], random);
    },
    async (source) => {
      const [first] = await source.read(0, Math.min(1, await source.size()));
      return first === 0x93 ? readNpy(source) : readNpz(source);
    },
  );
}
