import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSequence } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import { afterAll, describe, expect, it } from "vitest";
import { readMatlab5 } from "../src/deepsea-data/matlab5.js";
import { readDeepSea } from "../src/deepsea-data/read-deepsea.node.js";
import { loadHdf5 } from "../src/keras/hdf5.node.js";

const fixtures = join(import.meta.dirname, "fixtures/deepsea");
const fixture = (name: string) => join(fixtures, `${name}.mat`);
const folder = mkdtempSync(join(tmpdir(), "bindscape-deepsea-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Part = { sequences: string[]; labels: number[][] };
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as Record<string, Part>;
const all = ["train", "valid", "test"].flatMap((part) => expected[part].sequences);
const allLabels = ["train", "valid", "test"].flatMap((part) => expected[part].labels);

const sequencesOf = ({ codes, length, count }: { codes: Uint8Array; length: number; count: number }) =>
  Array.from({ length: count }, (_, row) => decodeSequence(codes.subarray(row * length, (row + 1) * length)));

async function expectRefused(work: Promise<unknown>, ...parts: string[]): Promise<void> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BindscapeError);
  for (const part of parts) expect((error as BindscapeError).message).toContain(part);
}

describe("DeepSEA's files", () => {
  it("of MATLAB 7.3 and 5 are read as h5py and scipy wrote them", async () => {
    const set = await readDeepSea(["train", "valid", "test"].map(fixture));
    expect(sequencesOf(set)).toEqual(all);
    expect(Array.from(set.labels)).toEqual(allLabels.flat());
    expect(set.tasks.map(({ factor }) => factor)).toEqual(["task1", "task2", "task3"]);
    expect(set.splits).toEqual([
      ...Array(7).fill("training"),
      ...Array(4).fill("validation"),
      ...Array(2).fill("test"),
    ]);
    expect(set.names!.slice(6, 9)).toEqual(["training_7", "validation_1", "validation_2"]);
  });

  it("have other bases where the channels stand for others", async () => {
    const set = await readDeepSea([fixture("valid")], { channelOrder: "ACGT" });
    const swap: Record<string, string> = { G: "C", C: "G" };
    expect(sequencesOf(set)).toEqual(
      expected.valid.sequences.map((text) => [...text].map((base) => swap[base] ?? base).join("")),
    );
  });

  it("are drawn from where asked for, and take names", async () => {
    const tasks = ["A", "B", "C"].map((factor) => ({ factor, cell: "x" }));
    const set = await readDeepSea(["train", "valid"].map(fixture), { sample: 3, seed: 5, tasks });
    expect(set.count).toBe(6);
    expect(set.tasks).toEqual(tasks);
    for (const [row, name] of set.names!.entries()) {
      const [part, number] = name.split("_");
      const from = expected[part === "training" ? "train" : "valid"];
      expect(sequencesOf(set)[row]).toBe(from.sequences[Number(number) - 1]);
      expect(Array.from(set.labels.subarray(3 * row, 3 * row + 3))).toEqual(from.labels[Number(number) - 1]);
    }
    await expectRefused(
      readDeepSea([fixture("train")], { tasks: tasks.slice(1) }),
      "3 labels",
      "2, as there are names",
    );
  });

  it("may be HDF5 with sequences first, channels before or behind positions", async () => {
    const hdf5 = await loadHdf5();
    const { sequences, labels } = expected.train;
    for (const channelsLast of [false, true]) {
      const path = join(folder, `first-${channelsLast}.hdf5`);
      const file = new hdf5.File(path, "w");
      const data = new Float32Array(7 * 4 * 6);
      for (const [row, text] of sequences.entries()) {
        for (const [position, base] of [...text].entries()) {
          for (let channel = 0; channel < 4; channel++) {
            const at = channelsLast ? (row * 6 + position) * 4 + channel : (row * 4 + channel) * 6 + position;
            data[at] = base === "N" ? 0.25 : Number("AGCT"[channel] === base);
          }
        }
      }
      file.create_dataset({
        name: "testxdata",
        data,
        shape: channelsLast ? [7, 6, 4] : [7, 4, 6],
        dtype: "<f",
      });
      file.create_dataset({
        name: "testdata",
        data: Uint8Array.from(labels.flat()),
        shape: [7, 3],
        dtype: "<B",
      });
      file.close();
      const set = await readDeepSea([path]);
      expect(sequencesOf(set)).toEqual(sequences);
      expect(Array.from(set.labels)).toEqual(labels.flat());
      expect(new Set(set.splits)).toEqual(new Set(["test"]));
    }
  });

  it("are refused where they are damaged or something else", async () => {
    const write = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(folder, name), bytes);
      return readDeepSea([join(folder, name)]);
    };
    const valid = readFileSync(fixture("valid"));
    const test = readFileSync(fixture("test"));
    await expectRefused(readDeepSea([join(folder, "none.mat")]), "none.mat", "no such file");
    await expectRefused(write("text.mat", "hello"), "neither a MATLAB nor an HDF5 file");
    await expectRefused(write("cut.mat", valid.subarray(0, valid.length - 40)), "offset");
    await expectRefused(write("cut2.mat", test.subarray(0, test.length - 40)), "beyond the end");
    await expectRefused(write("head.mat", valid.subarray(0, 128)), "no array");
    const bad = Uint8Array.from(valid);
    bad.fill(7, 150, 170);
    await expectRefused(write("bad.mat", bad), "damaged");
    const train = readFileSync(fixture("train"));
    await expectRefused(write("short.mat", train.subarray(0, 1500)), "short.mat");
    // Arrays that are there but are no one-hot sequence.
    const doubles = Uint8Array.from(test);
    const one = doubles.findIndex((byte, i) => i > 200 && byte === 0xf0 && doubles[i + 1] === 0x3f);
    doubles[one] = 0xe0; // 1 becomes 0.5
    await expectRefused(write("half.mat", doubles), "expected one channel of 1");
    copyFileSync(fixture("valid"), join(folder, "renamed.mat"));
    const arrays = await readMatlab5(valid, "valid.mat");
    expect([...arrays.keys()].sort()).toEqual(["other", "validdata", "validxdata"]);
    expect(arrays.get("other")).toEqual({ shape: [1, 1], values: Float64Array.of(1.5) });
  });
});
