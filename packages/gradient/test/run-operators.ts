import type { Runtime } from "../src/runtime.js";
import { drawCase, nameOf, type OperatorCase, prepareCase, runPreparedCase } from "./operator-case.js";
import { operatorCases } from "./operator-cases.js";

/** What came of one case: its error, or what went wrong. */
export type CaseResult = readonly [name: string, result: number | string];

/** The first case of each operator. */
export const oneCaseEach: readonly OperatorCase[] = operatorCases.filter(
  ({ operator }, i) => operatorCases.findIndex((other) => other.operator === operator) === i,
);

/** Runs operator cases one after another and tells what came of each. */
export async function runOperators(
  runtime: Runtime,
  cases: readonly OperatorCase[],
  onCase: (result: CaseResult) => void,
): Promise<void> {
  for (const test of cases) {
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
