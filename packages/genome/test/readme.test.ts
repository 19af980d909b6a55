import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import * as genome from "../src/index.node.js";

const readme = readFileSync(resolve(import.meta.dirname, "../README.md"), "utf8");

it("the README's example runs and prints what the peaks cover", async () => {
  const [, example] = /```ts\n(.*?)```/s.exec(readme)!;
  const local = example.replace(/import (\{[^}]*\}) from "@bindscape\/genome";/, "const $1 = genomePackage;");
  const { outputText } = ts.transpileModule(`async function example(genomePackage, console) {${local}}`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  const printed: unknown[][] = [];
  const run = new Function(`${outputText}; return example;`)();
  await run(genome, { log: (...values: unknown[]) => printed.push(values) });
  expect(printed).toEqual([
    ["chrI", 3, 10, "TTACCCG"],
    ["chrX", 0, 4, "GGGT"],
    [false, 2],
  ]);
});

it("the README's table names only what the package exports", () => {
  const names = [...readme.matchAll(/`((?:read|write|encode|decode|format|open)[A-Z]\w+)`|`(\w+Reader)`/g)];
  expect(names.length).toBeGreaterThan(20);
  for (const [, name, reader] of names) expect(genome).toHaveProperty(name ?? reader);
});
