import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import * as study from "../src/index.node.js";
import { parseStudyFile, studyJsonSchema } from "../src/study-file.js";

const root = resolve(import.meta.dirname, "../../..");
const guide = readFileSync(resolve(root, "docs/guide/study.md"), "utf8");

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** Names of all keys a study file may have, however deep. */
function keysOf(schema: Schema): string[] {
  const inside = [schema.items, schema.additionalProperties].filter((part) => typeof part === "object");
  const properties = Object.entries(schema.properties ?? {});
  return [...properties.flatMap(([key, value]) => [key, ...keysOf(value)]), ...inside.flatMap(keysOf)];
}

describe("the guide to the study file", () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(guide)![1];

  it("has an example that is valid", () => {
    const file = parseStudyFile(example, "docs/guide/study.md");
    expect(file.experiments).toHaveLength(3);
    expect(file.cells.HepG2.tracks[0].transform).toEqual({
      mask: ["chr21:8,000,000-8,500,000"],
      cap: 128,
      log: true,
    });
    expect(file.bins).toEqual(parseStudyFile(example.replace(/^bins:.*\n/m, ""), "without bins").bins);
  });

  it("names every key, in the text and, but for `pieces`, in the example", () => {
    const keys = [...new Set(keysOf(studyJsonSchema() as Schema))];
    expect(keys.length).toBeGreaterThan(30);
    const text = guide.replace(example, "");
    const missing = keys.filter((key) => !new RegExp(`\`[^\`\n]*\\b${key}\\b[^\`\n]*\``).test(text));
    expect(missing).toEqual([]);
    expect(keys.filter((key) => !new RegExp(`\\b${key}:`).test(example))).toEqual(["pieces"]);
  });
});

describe("the README", () => {
  it("uses what the package exports", () => {
    const readme = readFileSync(resolve(root, "packages/study/README.md"), "utf8");
    const imported = /import \{([^}]*)\} from "@bindscape\/study"/.exec(readme)![1];
    const names = imported
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    expect(names).toHaveLength(6);
    for (const name of names) expect(Object.keys(study)).toContain(name);
  });
});
