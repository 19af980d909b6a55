import { readFileSync } from "node:fs";
import { parseStudyFile } from "@bindscape/study";
import { expect, it } from "vitest";
import { DEMO_FACTORS, yeastStudyText } from "../src/demo/yeast-study.js";

it("the demo's study and examples/yeast/study.yaml are the same study", () => {
  const example = readFileSync(new URL("../../../examples/yeast/study.yaml", import.meta.url), "utf8");
  expect(parseStudyFile(example, "example")).toEqual(
    parseStudyFile(yeastStudyText(DEMO_FACTORS.all, null), "demo"),
  );
});
