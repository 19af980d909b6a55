import type { Runtime } from "../src/runtime.js";
import { drawCase, nameOf, prepareCase, runPreparedCase } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";

/** What came of one case: its error, or what went wrong. */
export type CaseResult = readonly [name: string, result: number | string];

/** Runs the operator cases from number `from` on, and tells of each when it begins and when it is done. */
export async function runOperators(
  runtime: Runtime,
  onCase: (result: CaseResult) => void,
  from = 0,
): Promise<void> {
  for (const test of operatorCases.slice(from)) {
    try {
      onCase([
        nameOf(test),
        await runPreparedCase(runtime, prepareCase(test, drawCase(test, runtime.traits))),
      ]);
    } catch (error) {
      onCase([nameOf(test), error instanceof Error ? error.message.split("\n", 1)[0] : String(error)]);
    }
  }
}
