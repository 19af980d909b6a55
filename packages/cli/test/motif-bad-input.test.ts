import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Random } from "@bindscape/numerics";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../study/test/helpers.js";
import { runHere } from "./run.js";

const folder = temporaryFolder();
const file = (name: string) => join(folder, name);
const random = new Random("bad input");
const letters = (length: number) => Array.from({ length }, () => "ACGT"[random.integer(4)]).join("");

const HEAD =
  "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF m1 Reb1\nletter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0\n";
const GOOD = `${HEAD}0 0 0 1\n0 0 0 1\n1 0 0 0\n\nMOTIF m2\nletter-probability matrix: alength= 4 w= 5\n${"0.7 0.1 0.1 0.1\n".repeat(5)}`;
const FASTA = Array.from({ length: 20 }, (_, i) => `>s${i}\n${letters(60)}\n`).join("");
const compressed = gzipSync(GOOD.repeat(40));

const MOTIF_FILES: Readonly<Record<string, [content: string | Uint8Array, ...said: string[]]>> = {
  "empty.meme": ["", "no motif"],
  "header.meme": ["MEME version 4\n\nALPHABET= ACGT\n", "no motif"],
  "no-rows.meme": [HEAD, "line 6", "0 rows"],
  "zero-row.meme": [`${HEAD}0 0 0 0\n0 0 0 1\n1 0 0 0\n`, "line 7", "sums to 0"],
  "sum.meme": [`${HEAD}0 0 0 1\n0.5 0 0 1\n1 0 0 0\n`, "line 8", "sums to 1.5"],
  "cut.meme": [`${HEAD}0 0 0 1\n0 0`, "line 8", "cut short"],
  "nan.meme": [`${HEAD}0 0 0 nan\n0 0 0 1\n1 0 0 0\n`, "line 7", '"nan"'],
  "negative.meme": [`${HEAD}-1 1 0 1\n0 0 0 1\n1 0 0 0\n`, "line 7", '"-1"'],
  "protein.meme": ["MEME version 4\nALPHABET= ACDEFGHIKLMNPQRSTVWY\nMOTIF p\n", "line 2", "ACGT"],
  "zero.jaspar": [">z\nA [0 0]\nC [0 0]\nG [0 0]\nT [0 0]\n", "line 2", "sums to 0"],
  "cut.jaspar": [">z\nA [1 0 0]\nC [0 1 0]\nG [0 0", "line 1", "4 rows"],
  "sequences.fa": [FASTA, "line 1", "FASTA"],
  "cut.meme.gz": [compressed.subarray(0, compressed.length / 2), "offset", "cut off"],
  "binary.meme": [Uint8Array.from({ length: 4096 }, (_, i) => i & 255), "line 1", "binary"],
};

const SEQUENCE_FILES: Readonly<Record<string, [content: string | Uint8Array, ...said: string[]]>> = {
  "empty.fa": ["", "no sequences"],
  "no-name.fa": ["ACGTACGT\n", "line 1", "before the first sequence name"],
  "protein.fa": [">p\nMKLVEF*\n", "line 2", '"L"'],
  "digits.fa": [">a\nACGT\nAC1GT\n", "line 3", '"1"'],
  "reads.fq": ["@r\nACGT\n+\nIIII\n", "line 1", "FASTQ"],
  "motifs.meme": [GOOD, "line 1", "file of motifs"],
  "cut.fa.gz": [gzipSync(FASTA).subarray(0, 200), "offset", "cut off"],
};

const inputs = (verb: string, motifs: string, sequences: string): string[] => {
  const out = ["--out", file("out")];
  if (verb === "scan" || verb === "enrich") return ["motifs", verb, motifs, sequences, ...out];
  if (verb === "compare") return ["motifs", verb, motifs, motifs, ...out];
  if (verb === "targets") return ["motifs", "compare", file("good.meme"), motifs, ...out];
  if (verb === "convert") return ["motifs", verb, motifs, file("out.jaspar")];
  if (verb === "logo") return ["motifs", verb, motifs, "--out", file("out.svg")];
  if (verb === "cluster") return ["motifs", verb, motifs, ...out];
  if (verb === "meme") return ["motifs", "discover", sequences, "--method", "meme", ...out];
  if (verb === "discover") return ["motifs", verb, sequences, ...out];
  return ["motifs", verb, sequences, "--out", file("out.fa")];
};

/** Refused with exit code 2 by an error that names the file, and nothing is left. */
async function expectRefused(args: readonly string[], name: string, said: readonly string[]): Promise<void> {
  const { code, stderr } = await runHere(args);
  expect(code, `${args.join(" ")}\n${stderr}`).toBe(2);
  for (const part of [name, ...said]) expect(stderr).toContain(part);
  const left = readdirSync(folder).filter((one) => one.startsWith("out"));
  const files = left.flatMap((one) => (one === "out" ? readdirSync(file("out")) : [one]));
  expect(files).toEqual([]);
}

beforeAll(() => {
  for (const [name, [content]] of Object.entries({ ...MOTIF_FILES, ...SEQUENCE_FILES })) {
    writeFileSync(file(name), content);
  }
  writeFileSync(file("good.meme"), GOOD);
  writeFileSync(file("good.fa"), FASTA);
});

describe.each(["scan", "compare", "targets", "enrich", "cluster", "logo", "convert"])(
  "motifs for %s",
  (verb) => {
    it.each(Object.keys(MOTIF_FILES))("%s is refused", async (name) => {
      await expectRefused(
        inputs(verb, file(name), file("good.fa")),
        name,
        MOTIF_FILES[name].slice(1) as string[],
      );
    });
  },
);

describe.each(["scan", "enrich", "discover", "meme", "shuffle"])("sequences for %s", (verb) => {
  it.each(Object.keys(SEQUENCE_FILES))("%s is refused", async (name) => {
    const said = SEQUENCE_FILES[name].slice(1) as string[];
    await expectRefused(inputs(verb, file("good.meme"), file(name)), name, said);
  });
});

describe("what is unusual but sound", () => {
  it("reads lower case, Windows line ends and RNA as they are meant", async () => {
    const forms = [FASTA, FASTA.toLowerCase(), FASTA.replaceAll("\n", "\r\n"), FASTA.replaceAll("T", "U")];
    const sites: unknown[] = [];
    for (const [index, text] of forms.entries()) {
      writeFileSync(file("form.fa"), text);
      writeFileSync(file("form.meme"), index === 2 ? GOOD.replaceAll("\n", "\r\n") : GOOD);
      const args = ["motifs", "scan", file("form.meme"), file("form.fa"), "--thresh", "0.05", "--out"];
      const { code, stdout } = await runHere([...args, file(`form${index}`), "--json"]);
      expect(code).toBe(0);
      sites.push(JSON.parse(stdout).sites);
    }
    expect(sites[0]).toBeGreaterThan(0);
    expect(new Set(sites).size).toBe(1);
  });

  it("finds nothing in N and in sequences shorter than the motif, and discovery refuses N", async () => {
    writeFileSync(file("n.fa"), ">a\nNNNNNNNNNNNNNNNN\n>b\nnnnn\n");
    writeFileSync(file("short.fa"), ">a\nAC\n>b\n\n");
    for (const name of ["n.fa", "short.fa"]) {
      const args = ["motifs", "scan", file("good.meme"), file(name), "--out", file(`scan-${name}`), "--json"];
      const { code, stdout } = await runHere(args);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).sites).toBe(0);
    }
    for (const verb of ["discover", "meme", "enrich"]) {
      await expectRefused(inputs(verb, file("good.meme"), file("n.fa")), "n.fa", ["unknown letters"]);
    }
  });
});
