import { readSafetensors, writeSafetensors } from "@bindscape/gradient";
import { type FuzzCounts, fuzzReader } from "./fuzz-reader.js";
import { mutate } from "./mutate.js";

/** Damaged safetensors files, whose JSON header says where everything lies. */
export async function run(iterations: number, seed: number): Promise<FuzzCounts> {
  const file = writeSafetensors(
    new Map([
      ["convolution.kernel", { shape: [2, 4, 3], data: Float32Array.from({ length: 24 }, (_, i) => i / 7) }],
      ["convolution.bias", { shape: [2], data: Float32Array.of(-1, 1) }],
    ]),
    { written: "by the fuzzer" },
  );
  return fuzzReader(
    iterations,
    seed,
    (random) => mutate(file, random),
    async (source) => readSafetensors(await source.read(0, await source.size()), source.name),
  );
}
