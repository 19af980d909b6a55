import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { decodeSequence } from "@bindscape/genome";
import { describe, expect, it } from "vitest";
import { fitToLength } from "../src/fit-to-length.js";
import { readSequenceSet } from "../src/read-sequence-set.node.js";
import { expectError, findData, temporaryFolder } from "./helpers.js";

const folder = temporaryFolder();

function file(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

function lettersOf({ codes, length }: { codes: Uint8Array; length: number }): string[] {
  return Array.from({ length: codes.length / length }, (_, row) =>
    decodeSequence(codes.subarray(row * length, (row + 1) * length)),
  );
}

describe("tables of labelled sequences", () => {
  it("are read from commas, tabs, quotes, gzip, CRLF and blank lines", async () => {
    const plain = await readSequenceSet(file("a.csv", "sequence,label\nACGT,1\nacnt,0\n"));
    expect(lettersOf(plain)).toEqual(["ACGT", "ACNT"]);
    expect([...plain.labels]).toEqual([1, 0]);
    expect(plain).toMatchObject({ count: 2, length: 4, tasks: [{ factor: "label", cell: "" }] });
    expect(plain.splits ?? plain.names ?? plain.places).toBeUndefined();
    const zipped = gzipSync('"sequence"\t"label"\r\n"ACGT"\t1.0\r\n\r\nRCGT\t\r\n');
    const other = await readSequenceSet(file("b.csv.gz", zipped));
    expect(lettersOf(other)).toEqual(["ACGT", "NCGT"]);
    expect([...other.labels]).toEqual([1, Number.NaN]);
  });

  it("have several columns of labels, names and splits in any order", async () => {
    const text =
      "CTCF|K562,split,seq,MAX,name\n1,training,ACGT,NA,first\n,validation,CCCC,0,second\n0,test,GGGG,1,third\n";
    const set = await readSequenceSet(file("c.csv", text));
    expect(set.tasks).toEqual([
      { factor: "CTCF", cell: "K562" },
      { factor: "MAX", cell: "" },
    ]);
    expect([...set.labels]).toEqual([1, Number.NaN, Number.NaN, 0, 0, 1]);
    expect(set.splits).toEqual(["training", "validation", "test"]);
    expect(set.names).toEqual(["first", "second", "third"]);
  });

  it("are DeepBind's too", async () => {
    const set = await readSequenceSet(
      file(
        "d.seq.gz",
        gzipSync("FoldID\tEventID\tseq\tBound\nA\tseq_00001_peak\tACGT\t1\nB\tseq_2\tTTTT\t0\n"),
      ),
    );
    expect(set.tasks).toEqual([{ factor: "Bound", cell: "" }]);
    expect(set.names).toEqual(["seq_00001_peak", "seq_2"]);
    expect([...set.labels]).toEqual([1, 0]);
  });

  it("are brought to one length where that is asked for", async () => {
    const path = file("e.csv", "sequence,label\nAACGTT,1\nACG,0\nACGTA,1\n");
    expect(lettersOf(await readSequenceSet(path, { length: 4 }))).toEqual(["ACGT", "ACGN", "ACGT"]);
    expect(decodeSequence(fitToLength(Uint8Array.from([0, 1]), 5))).toBe("NACNN");
    await expectError(
      () => readSequenceSet(path),
      "e.csv",
      "line 3",
      "a sequence of 3 bp",
      "6 bp",
      "--length",
    );
  });

  it.each([
    ["an empty file", "", ["an empty file", "sequence and label"]],
    ["a header alone", "sequence,label\n", ["a header without rows"]],
    ["no header", "ACGT,1\nCCCC,0\n", ["line 1", "a column named sequence", "sequence,label"]],
    ["no labels", "sequence\nACGT\n", ["line 1", "a column of labels"]],
    [
      "a label that is none",
      "sequence,label\nACGT,1\nACGT,bound\n",
      ["line 3", '"bound"', "NA where it is missing"],
    ],
    ["a character that is no base", "sequence,label\nAC-T,1\n", ["line 2", '"-" at place 3']],
    ["too few columns", "sequence,label\nACGT,1\nACGT\n", ["line 3", "1 columns", "2, as the header has"]],
    ["no sequence in a row", "sequence,label\nACGT,1\n,0\n", ["line 3", "0 bp"]],
    ["two columns of one name", "sequence,F,F\nACGT,1,1\n", ["two columns named F"]],
    ["another split", "sequence,label,split\nACGT,1,train\n", ["line 2", '"train"', "training"]],
  ])("are refused with %s", async (name, text, parts) => {
    const path = file(`${name.replace(/ /g, "-")}.csv`, text);
    await expectError(() => readSequenceSet(path), path, ...parts);
  });

  it("are refused where they are damaged or not there", async () => {
    const zipped = gzipSync(`sequence,label\n${"ACGT,1\n".repeat(10_000)}`);
    await expectError(() => readSequenceSet(file("cut.csv.gz", zipped.subarray(0, 60))), "cut.csv.gz");
    await expectError(() => readSequenceSet(join(folder, "none.csv")), "none.csv");
  });

  it("may be FASTA or without labels where none are needed", async () => {
    const fasta = await readSequenceSet(file("f.fa", ">one\nACGT\n>two\nCC\nCC\n"), { isUnlabelled: true });
    expect(lettersOf(fasta)).toEqual(["ACGT", "CCCC"]);
    expect(fasta).toMatchObject({ names: ["one", "two"], tasks: [] });
    const table = await readSequenceSet(file("g.csv", "sequence\nACGT\n"), { isUnlabelled: true });
    expect(table).toMatchObject({ count: 1, tasks: [] });
    const uneven = file("h.fa", ">one\nACGT\n>two\nCC\n");
    await expectError(() => readSequenceSet(uneven, { isUnlabelled: true }), "two of 2 bp", "--length");
    expect(lettersOf(await readSequenceSet(uneven, { isUnlabelled: true, length: 2 }))).toEqual(["CG", "CC"]);
  });
});

const gue = findData("human_sequences/gue/tf2.train.csv.gz");
it.skipIf(gue === null)("reads the whole of a published set", async () => {
  const set = await readSequenceSet(gue!);
  expect(set).toMatchObject({ count: 19_000, length: 101 });
  expect(set.labels.reduce((sum, label) => sum + label, 0)).toBe(9492);
});
