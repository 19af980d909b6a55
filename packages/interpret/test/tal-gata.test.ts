import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { nodeRuntime } from "@bindscape/gradient";
import { importKeras } from "@bindscape/models";
import { describe, expect, it } from "vitest";
import { explainByDeepLift } from "../src/deeplift.js";
import { type ExplainedModel, explainNetwork } from "../src/explained-model.js";
import { mutateInSilico } from "../src/in-silico-mutagenesis.js";
import type { References } from "../src/references.js";
import { findSaliencyOfWindows } from "../src/saliency.js";

// Values of drawn sequences by independent programs, made by `npm run agreement:interpretation`: PyTorch and tangermeme in
// float64, and DeepLIFT's own program (float32) for reveal-cancel.
interface Facts {
  readonly sequences: readonly string[];
  readonly background: readonly number[];
  /** By sequence, of the output of the same number. */
  readonly logits: readonly number[];
  readonly values: Readonly<Record<string, readonly (readonly number[])[]>>;
}
const facts: Facts = JSON.parse(readFileSync(new URL("./fixtures/tal-gata.json", import.meta.url), "utf8"));

const data = process.env.BINDSCAPE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
const published = join(data, "gold/interpretation");
if (!existsSync(published)) console.warn(`SKIPPED: facts of the TAL1/GATA1 model, which need ${published}`);

const LENGTH = 200;
const codes = facts.sequences.map((text) => [...text].map((letter) => "ACGT".indexOf(letter)));

async function loadModel(): Promise<ExplainedModel> {
  const { network } = await importKeras(published, { tasks: ["GATA1_TAL1", "GATA1", "TAL1"] });
  return explainNetwork(network);
}

/** A sequence as a window. */
function encode(row: readonly number[]) {
  const windows = new Float32Array(4 * LENGTH);
  row.forEach((code, at) => {
    windows[code * LENGTH + at] = 1;
  });
  return { count: 1, windows };
}

/** Values as the facts have them: position by position, of all bases or of the one that is there. */
const listed = (values: Float32Array, row: readonly number[], all: boolean) =>
  row.flatMap((code, at) => (all ? [0, 1, 2, 3] : [code]).map((base) => values[base * LENGTH + at]));

function expectSame(found: readonly number[], expected: readonly number[], tolerance: number) {
  const largest = Math.max(...expected.map(Math.abs));
  expect(largest).toBeGreaterThan(0.01);
  expected.forEach((value, i) => {
    expect(Math.abs(found[i] - value) / largest, `value ${i}`).toBeLessThan(tolerance);
  });
}

describe.skipIf(!existsSync(published))("the published TAL1/GATA1 model", () => {
  const common = { runtime: nodeRuntime(), threads: 1 };

  it("has the saliency and the changes by substitution that PyTorch finds", async () => {
    const model = await loadModel();
    for (const [task, row] of codes.entries()) {
      const saliency = await findSaliencyOfWindows(model, encode(row), { ...common, task });
      expectSame(listed(saliency.values, row, true), facts.values["saliency"][task], 1e-5);
      const changes = await mutateInSilico(model, encode(row), { ...common, task });
      expectSame(listed(changes.values, row, true), facts.values["ism"][task], 1e-5);
    }
  });

  it.each(["rescale", "reveal-cancel-dense"] as const)(
    "has the contributions that others find, %s",
    async (rule) => {
      const model = await loadModel();
      const references: Record<string, References> = {
        zeros: { kind: "zeros" },
        background: { kind: "uniform", frequencies: facts.background },
      };
      for (const [name, given] of Object.entries(references)) {
        for (const [task, row] of codes.entries()) {
          const options = { ...common, rule, references: given, task };
          const found = await explainByDeepLift(model, encode(row), options);
          expect(found.scores[0]).toBeCloseTo(facts.logits[task], 4);
          expectSame(listed(found.values, row, false), facts.values[`${rule} ${name}`][task], 2e-5);
        }
      }
    },
  );
});
