import { BindscapeError } from "@bindscape/numerics";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { addSchemaOptions, readSchemaOptions } from "../src/schema-options.js";

const schema = z.strictObject({
  windowLength: z.int().min(50).default(1000).describe("Window length in bp"),
  gates: z.enum(["hard-sigmoid", "sigmoid"]).default("hard-sigmoid").describe("Gate activation"),
  seedKernels: z.boolean().default(false).describe("Start kernels from motifs"),
  poolWidth: z.int().min(1).optional().describe("Pooling width"),
  sequence: z.boolean().default(true).describe("Channels of bases"),
});

function parse(args: readonly string[], preset?: Record<string, unknown>) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addSchemaOptions(command, schema, "Network:");
  command.parse(args, { from: "user" });
  return readSchemaOptions(schema, command.opts(), preset);
}

describe("options from a schema", () => {
  it("are kebab-case, with descriptions and defaults in the help", () => {
    const command = new Command().configureHelp({ helpWidth: 200 });
    addSchemaOptions(command, schema, "Network:");
    const help = command.helpInformation();
    expect(help).toContain("Network:");
    expect(help).toMatch(/--window-length <number> +Window length in bp \(default: 1000\)/);
    expect(help).toMatch(/--gates <choice> +Gate activation \(default: hard-sigmoid\)/);
    expect(help).toMatch(/--seed-kernels +Start kernels from motifs\n/);
    expect(help).toMatch(/--pool-width <number> +Pooling width\n/);
    // What is on is listed by the option that switches it off.
    expect(help).toMatch(/--no-sequence +Switch off: Channels of bases\n/);
    expect(help).not.toContain("--sequence");
    expect(help).not.toContain("--no-seed-kernels");
  });

  it("read numbers, choices and switches; defaults, preset and command line in rising order", () => {
    expect(parse([])).toEqual({
      windowLength: 1000,
      gates: "hard-sigmoid",
      seedKernels: false,
      sequence: true,
    });
    expect(parse(["--no-sequence"]).sequence).toBe(false);
    expect(parse(["--sequence"], { sequence: false }).sequence).toBe(true);
    expect(parse(["--no-seed-kernels"], { seedKernels: true }).seedKernels).toBe(false);
    const given = ["--window-length", "200", "--gates", "sigmoid", "--seed-kernels"];
    expect(parse(given, { poolWidth: 4, windowLength: 500 })).toEqual({
      windowLength: 200,
      gates: "sigmoid",
      seedKernels: true,
      poolWidth: 4,
      sequence: true,
    });
  });

  it.each([
    [["--window-length", "12"], "--window-length 12"],
    [["--window-length", "many"], "--window-length many"],
    [["--window-length", "100.5"], "--window-length 100.5"],
    [["--pool-width", ""], "--pool-width "],
  ])("name the flag of a wrong value: %j", (args, expected) => {
    expect(() => parse(args)).toThrow(BindscapeError);
    expect(() => parse(args)).toThrow(expected);
  });

  it("refuse a choice that is not offered", () => {
    expect(() => parse(["--gates", "soft"])).toThrow(/--gates.*Allowed choices are hard-sigmoid, sigmoid/);
  });
});
