import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { run, runHere, start } from "./run.js";

const commands = [
  "demo",
  "train",
  "predict",
  "evaluate",
  "ensemble",
  "report",
  "convert",
  "info",
  "simulate",
  "doctor",
];

describe("help", () => {
  it("lists every command", async () => {
    const { code, stdout } = await runHere(["--help"]);
    expect(code).toBe(0);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
  });

  it.each(commands)("%s --help shows usage, options and an example", async (command) => {
    const { code, stdout, stderr } = await runHere([command, "--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(new RegExp(`^Usage: bindscape ${command} `));
    expect(stdout).toMatch(/^Options:$/m);
    expect(stdout).toMatch(/^Examples?:$/m);
    expect(stdout).toMatch(new RegExp(`^ {2}bindscape ${command}`, "m"));
  });

  it("convert --help documents the npz layout", async () => {
    const { stdout } = await runHere(["convert", "--help"]);
    for (const part of ["NAME/starts", "NAME/ends", "NAME/values", "sizes", "--chrom-sizes"]) {
      expect(stdout).toContain(part);
    }
  });

  it("--version is the package's", async () => {
    const { version } = JSON.parse(await readFile(resolve(import.meta.dirname, "../package.json"), "utf8"));
    expect(await runHere(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("wrong command lines", () => {
  it.each([
    [["nonsense"], "bindscape: unknown command 'nonsense'"],
    [["convert", "a.bw", "b.npz", "--nonsense"], "bindscape: unknown option '--nonsense'"],
    [["convert", "a.bw"], "bindscape: missing required argument 'output'"],
    [["convert", "a.bw", "b.npz", "c.npz"], "bindscape: too many arguments for 'convert'"],
    [
      ["convert", "a.bed", "b.npz", "--value-column", "two"],
      "bindscape: option '--value-column <number>' argument 'two' is invalid",
    ],
    [["train", "study.yaml", "--out", "x"], "bindscape: required option '--factor <names>' not specified"],
    [
      ["train", "s.yaml", "--factor", "F,", "--out", "x"],
      "bindscape: option '--factor <names>' argument 'F,' is invalid",
    ],
    [
      ["train", "s.yaml", "--factor", "F", "--out", "x", "--preset", "best"],
      "bindscape: option '--preset <name>' argument 'best' is invalid",
    ],
    [
      ["evaluate", "b", "--study", "s.yaml", "--threads", "0"],
      "bindscape: option '--threads <number>' argument '0' is invalid",
    ],
  ])("%j ends with 2 and says what is wrong first", async (args, message) => {
    const { code, stdout, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.startsWith(message), stderr).toBe(true);
  });

  it("no command at all shows the help and ends with 2", async () => {
    const { code, stderr } = await runHere([]);
    expect(code).toBe(2);
    expect(stderr).toContain("Usage: bindscape");
  });

  it("holds for the built program too", async () => {
    const { code, stdout, stderr } = await run(["doctor", "--wrong"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.split("\n")[0]).toBe("bindscape: unknown option '--wrong'");
  });

  it("a reader that stops early is no error", async () => {
    const child = start(["info", "--schema", "--json"]);
    child.process.stdout?.destroy();
    const { code, stderr } = await child.finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});
